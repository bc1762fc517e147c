"""Fitting the calibration: maximum likelihood with a ridge, by Newton's method, over arrays.

What belongs here: logistic regression for two outcomes, ordered and multinomial logit for three, isotonic
regression. What does not: which games are fitted (`calibration.py`) and what the columns mean (`terms.py`).

There is no intercept: a column that is 1 at home and 0 on neutral ground carries the home side's advantage,
so that swapping the sides on neutral ground mirrors the forecast.
"""

from __future__ import annotations

import math

import numpy as np

from precog_assets.ratings.compiled import compiled, summing

STEPS = 30
LEAST_WIDTH = 0.02
CLOSE_ENOUGH = 1e-4
"""Newton stops when no coefficient moved by more: what is left is of its square."""
SAME_HEIGHT = 1e-12
"""Heights of the isotonic curve nearer to each other are equal."""


@compiled
def _solve(matrix: np.ndarray, vector: np.ndarray) -> None:
    """Solve a symmetric positive definite system in place (Cholesky); the answer is left in `vector`."""
    n = vector.shape[0]
    for j in range(n):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] * matrix[j, k]
        matrix[j, j] = math.sqrt(max(matrix[j, j], 1e-12))
        for i in range(j + 1, n):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
    for i in range(n):
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]


@summing
def mean_squares(xt: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted mean of the square of each row of xt (terms, games)."""
    out, mass = np.zeros(xt.shape[0]), 0.0
    for i in range(xt.shape[1]):
        mass += weight[i]
    for j in range(xt.shape[0]):
        total = 0.0
        for i in range(xt.shape[1]):
            total += weight[i] * xt[j, i] * xt[j, i]
        out[j] = total / mass
    return out


@compiled
def _logits(xt: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    out[:] = 0.0
    for j in range(xt.shape[0]):
        for i in range(xt.shape[1]):
            out[i] += b[j] * xt[j, i]


@summing
def _sums(xt: np.ndarray, rest: np.ndarray, curvature: np.ndarray, gradient: np.ndarray, hessian: np.ndarray) -> None:
    """Add to the gradient x' rest, and to the lower triangle of the Hessian x' diag(curvature) x."""
    weighed = np.empty(xt.shape[1])
    for j in range(xt.shape[0]):
        total = 0.0
        for i in range(xt.shape[1]):
            total += rest[i] * xt[j, i]
            weighed[i] = curvature[i] * xt[j, i]
        gradient[j] += total
        for k in range(j + 1):
            total = 0.0
            for i in range(xt.shape[1]):
                total += weighed[i] * xt[k, i]
            hessian[j, k] += total


@compiled
def fit_logistic(
    xt: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: np.ndarray, centre: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Coefficients b of P(home wins) = 1 / (1 + exp(-b xt)), the log likelihood less ridge (b - centre)^2 / 2.

    xt (terms, games), rows contiguous; y in [0, 1], a half for a tie; weight (games,); the rest (terms,). Newton's
    method from `start`, large steps cut.
    """
    terms, n = xt.shape
    if len(y) != n or len(weight) != n or len(start) != terms or len(ridge) != terms:
        raise ValueError("xt is (terms, games); y and weight need a value a game, ridge and start one a term")
    b = start.copy()
    rest, curvature = np.empty(n), np.empty(n)
    for _ in range(STEPS):
        gradient = -ridge * (b - centre)
        hessian = np.zeros((terms, terms))
        for j in range(terms):
            hessian[j, j] = ridge[j] + 1e-9
        _logits(xt, b, rest)
        for i in range(n):
            p = 1.0 / (1.0 + math.exp(-rest[i]))
            rest[i] = weight[i] * (y[i] - p)
            curvature[i] = weight[i] * p * (1.0 - p)
        _sums(xt, rest, curvature, gradient, hessian)
        _solve(hessian, gradient)
        largest = np.max(np.abs(gradient))
        b += gradient if largest < 5.0 else gradient * (5.0 / largest)
        if largest < CLOSE_ENOUGH:
            break
    return b


@compiled
def _three(eta: float, width: float, softmax: bool) -> tuple[float, float]:
    """P(home), P(away) at the middle `eta` and half distance `width`."""
    if softmax:
        home, away = math.exp(eta - width), math.exp(-eta - width)
        total = 1.0 + home + away
        return home / total, away / total
    return 1.0 / (1.0 + math.exp(width - eta)), 1.0 / (1.0 + math.exp(width + eta))


@compiled
def fit_three(
    xt: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    ridge: np.ndarray,
    centre: np.ndarray,
    start: np.ndarray,
    softmax: bool,
) -> np.ndarray:
    """Coefficients (b, w) of home, draw, away; y is 1 home, 0.5 draw, 0 away.

    Ordered logit (McCullagh 1980): P(home) = s(b xt - w), P(away) = s(-b xt - w), s the logistic function.
    With `softmax` a multinomial logit of the same symmetry: odds against the draw exp(b xt - w), exp(-b xt - w).
    xt (terms, games); ridge, centre and start (terms + 1,). The width w stays above LEAST_WIDTH in the ordered one.
    """
    terms, n = xt.shape
    total = terms + 1
    if len(y) != n or len(weight) != n or len(start) != total or len(ridge) != total:
        raise ValueError("xt is (terms, games); y and weight need a value a game, ridge and start terms + 1")
    b = start.copy()
    for _ in range(STEPS):
        gradient = -ridge * (b - centre)
        hessian = np.zeros((total, total))
        for j in range(total):
            hessian[j, j] = ridge[j] + 1e-9
        for i in range(n):
            w = weight[i]
            if w == 0.0:
                continue
            eta = 0.0
            for j in range(terms):
                eta += xt[j, i] * b[j]
            width = float(b[terms]) if softmax else max(float(b[terms]), LEAST_WIDTH)
            up, down = _three(eta, width, softmax)
            won, lost = 1.0 if y[i] == 1.0 else 0.0, 1.0 if y[i] == 0.0 else 0.0
            if softmax:
                both, tilt = up + down, up - down
                d_eta, d_width = won - lost - tilt, both - won - lost
                h_ee, h_ew, h_ww = both - tilt * tilt, -tilt * (1.0 - both), both * (1.0 - both)
            elif won > 0.0:
                h = up * (1.0 - up)
                d_eta, d_width, h_ee, h_ew, h_ww = 1.0 - up, up - 1.0, h, -h, h
            elif lost > 0.0:
                h = down * (1.0 - down)
                d_eta, d_width, h_ee, h_ew, h_ww = down - 1.0, down - 1.0, h, h, h
            else:  # log P(draw) = log(1 - up) + log(1 - down) + log(1 - exp(-2 width))
                spread = math.exp(-2.0 * width)
                up_h, down_h = up * (1.0 - up), down * (1.0 - down)
                d_eta, d_width = down - up, up + down + 2.0 * spread / (1.0 - spread)
                h_ee, h_ew = up_h + down_h, down_h - up_h
                h_ww = up_h + down_h + 4.0 * spread / ((1.0 - spread) * (1.0 - spread))
            for j in range(terms):
                xj = w * xt[j, i]
                if xj != 0.0:
                    gradient[j] += xj * d_eta
                    for k in range(j + 1):
                        hessian[j, k] += xj * h_ee * xt[k, i]
                    hessian[terms, j] += xj * h_ew
            gradient[terms] += w * d_width
            hessian[terms, terms] += w * h_ww
        _solve(hessian, gradient)
        largest = np.max(np.abs(gradient))
        b += gradient if largest < 2.0 else gradient * (2.0 / largest)
        if largest < CLOSE_ENOUGH:
            break
    return b


@compiled
def apply_logistic(xt: np.ndarray, b: np.ndarray) -> np.ndarray:
    """P(home wins) of each column of xt (terms, games)."""
    out = np.empty(xt.shape[1])
    _logits(xt, b, out)
    for i in range(len(out)):
        out[i] = 1.0 / (1.0 + math.exp(-out[i]))
    return out


@compiled
def apply_three(xt: np.ndarray, b: np.ndarray, softmax: bool) -> np.ndarray:
    """P(home), P(draw), P(away) of each game, (games, 3); `b` as `fit_three` gives it."""
    terms, n = xt.shape
    width = float(b[terms]) if softmax else max(float(b[terms]), LEAST_WIDTH)
    eta = np.empty(n)
    _logits(xt, b[:terms], eta)
    out = np.empty((n, 3))
    for i in range(n):
        out[i, 0], out[i, 2] = _three(eta[i], width, softmax)
        out[i, 1] = 1.0 - out[i, 0] - out[i, 2]
    return out


@compiled
def fit_isotonic(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best rising step function of x (sorted ascending), by pooling adjacent violators: positions and heights.

    Barlow et al. 1972. Each block's position is its weighted mean x; between positions `np.interp` is meant. Heights
    that differ by rounding alone are one block: otherwise noise in the last bits would move its position.
    """
    n = x.shape[0]
    height, mass, place = np.empty(n), np.empty(n), np.empty(n)
    top = -1
    for i in range(n):
        if weight[i] == 0.0:
            continue
        top += 1
        height[top], mass[top], place[top] = y[i], weight[i], x[i]
        while top > 0 and height[top - 1] >= height[top] - SAME_HEIGHT:
            both = mass[top - 1] + mass[top]
            height[top - 1] = (height[top - 1] * mass[top - 1] + height[top] * mass[top]) / both
            place[top - 1] = (place[top - 1] * mass[top - 1] + place[top] * mass[top]) / both
            mass[top - 1] = both
            top -= 1
    return place[: top + 1].copy(), height[: top + 1].copy()
