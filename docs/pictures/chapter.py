"""The figures of a chapter

Ten programs of a textbook at default settings: the forward pass, and both passes. The names are those of the variables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn


def logistic_regression() -> dict[str, Any]:
    """Logistic regression"""
    X, y = tg.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), tg.tensor([0.0, 1.0, 1.0])
    w, b = tg.tensor([0.5, -0.25], requires_grad=True), tg.tensor(0.1, requires_grad=True)
    o = X @ w + b
    p = tg.sigmoid(o)
    loss = -(y * tg.log(p) + (1 - y) * tg.log(1 - p)).mean()
    return locals()


def softmax_and_cross_entropy() -> dict[str, Any]:
    """Softmax and cross-entropy"""
    o = tg.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]], requires_grad=True)
    y = tg.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    e = tg.exp(o - o.max(axis=1, keepdims=True))
    y_hat = e / e.sum(axis=1, keepdims=True)
    loss = -(y * tg.log(y_hat)).sum(axis=1).mean()
    return locals()


def tied_weights() -> dict[str, Any]:
    """An autoencoder with tied weights"""
    rng = np.random.default_rng(0)
    X = tg.tensor(rng.normal(size=(4, 6)))
    W, b = tg.tensor(rng.normal(size=(6, 2)), requires_grad=True), tg.zeros(2, requires_grad=True)
    c = tg.zeros(6, requires_grad=True)
    h = tg.tanh(X @ W + b)
    X_hat = h @ W.T + c
    loss = ((X_hat - X) ** 2).mean()
    return locals()


def lstm_cell() -> dict[str, Any]:
    """An LSTM cell of single numbers"""
    x, h, c = tg.Value(0.5), tg.Value(0.1), tg.Value(-0.2)
    w_i, w_f, w_o, w_g = (tg.Value(v) for v in (0.5, -0.3, 0.8, 1.1))
    u_i, u_f, u_o, u_g = (tg.Value(v) for v in (0.2, 0.4, -0.6, 0.7))
    i = tg.sigmoid(w_i * x + u_i * h)
    f = tg.sigmoid(w_f * x + u_f * h)
    o = tg.sigmoid(w_o * x + u_o * h)
    g = tg.tanh(w_g * x + u_g * h)
    c_t = f * c + i * g
    h_t = o * tg.tanh(c_t)
    return locals()


def scaled_dot_product_attention() -> dict[str, Any]:
    """Scaled dot-product attention"""
    rng = np.random.default_rng(0)
    X = tg.tensor(rng.normal(size=(4, 6)))
    W_q, W_k, W_v = (tg.tensor(rng.normal(size=(6, 3)), requires_grad=True) for _ in range(3))
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    A = tg.softmax(Q @ K.T / np.sqrt(3), axis=-1)
    loss = ((A @ V) ** 2).mean()
    return locals()


def small_convolution() -> dict[str, Any]:
    """A small convolutional network"""
    tg.manual_seed(0)
    X, y = tg.randn(2, 1, 8, 8), np.array([1, 2])
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    loss = nn.CrossEntropyLoss()(net(X), y)
    return locals()


def batch_normalisation() -> dict[str, Any]:
    """Batch normalisation"""
    rng = np.random.default_rng(0)
    x = tg.tensor(rng.normal(size=(5, 3)), requires_grad=True)
    γ, β = tg.ones(3, requires_grad=True), tg.zeros(3, requires_grad=True)
    μ = x.mean(axis=0)
    v = ((x - μ) ** 2).mean(axis=0)
    x_hat = (x - μ) / tg.sqrt(v + 1e-5)
    y = γ * x_hat + β
    loss = (y**2).sum()
    return locals()


def ten_euler_steps() -> dict[str, Any]:
    """Ten steps of Euler's method for y′ = −k y"""
    k, y_0 = tg.Value(0.7), tg.Value(1.0)
    y = y_0
    for n in range(10):
        y = y + 0.1 * (-k * y)
        y.name = f"y_{n + 1}"
    return locals()


def newton_step() -> dict[str, Any]:
    """A step of Newton's method, with a second derivative"""
    x = tg.Value(2.0)
    f = x**3 - 2 * x
    (df,) = tg.gradients(f, [x], create_graph=True)
    (d2f,) = tg.gradients(df, [x], create_graph=True)
    x_1 = x - df / d2f
    return locals()


def variational_autoencoder() -> dict[str, Any]:
    """The loss of a variational autoencoder"""
    tg.manual_seed(0)
    x, ε = tg.rand(4, 8), tg.randn(4, 2)
    encoder, mean, log_var, decoder = nn.Linear(8, 5), nn.Linear(5, 2), nn.Linear(5, 2), nn.Linear(2, 8)
    h = tg.tanh(encoder(x))
    μ, s = mean(h), log_var(h)
    z = μ + tg.exp(s / 2) * ε
    x_hat = tg.sigmoid(decoder(z))
    reconstruction = -(x * tg.log(x_hat) + (1 - x) * tg.log(1 - x_hat)).sum(axis=1).mean()
    divergence = -0.5 * (1 + s - μ**2 - tg.exp(s)).sum(axis=1).mean()
    loss = reconstruction + divergence
    return locals()
