"""The lessons, which are programs outside this folder, as pages of the site."""

from pathlib import Path

from tinygrad_edu.cli.lessons import lessons


def copy_lessons(folder: Path, lang: str) -> None:
    """Write the lessons that changed, and remove those that are gone.

    In another language, what is said in their code is translated here, and Sphinx translates the text between.
    """
    folder.mkdir(exist_ok=True)
    programs = {folder / lesson.path.name: lesson.text(lesson.path, lang, ["code"]) for lesson in lessons()}
    for path, program in programs.items():
        if not path.exists() or path.read_text(encoding="utf-8") != program:
            path.write_text(program, encoding="utf-8")
    for path in set(folder.glob("*.py")) - set(programs):
        path.unlink()
