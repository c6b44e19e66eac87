"""How hypothesis runs here: the same examples every time, as many as two cores do in a few minutes."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "project",
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", settings.get_profile("project"), max_examples=500, derandomize=False)
settings.load_profile("project")  # another: pytest --hypothesis-profile=thorough
