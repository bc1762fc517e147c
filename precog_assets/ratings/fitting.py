"""Fitting the calibration: maximum likelihood with a ridge, by Newton's method, over arrays.

What belongs here: logistic regression for two outcomes, the symmetric ordered logit for three, isotonic
regression. What does not: which games are fitted (`calibration.py`) and what the columns mean (`terms.py`).

There is no intercept: a column that is 1 at home and 0 on neutral ground carries the home side's advantage,
so that swapping the sides on neutral ground mirrors the forecast.
"""

from __future__ import annotations

import math

import numpy as np

from precog_assets.ratings.compiled import compiled

STEPS = 30
CLOSE_ENOUGH = 1e-9
"""Newton stops when no coefficient moves by more."""


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


@compiled
def fit_logistic(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: np.ndarray, centre: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Coefficients b of P(home wins) = 1 / (1 + exp(-x b)), the log likelihood less ridge (b - centre)^2 / 2.

    x (games, terms); y in [0, 1], a half for a tie; weight (games,); the rest (terms,). Games of weight 0 are
    skipped. Newton from `start`, halving steps that grow large.
    """
    n, terms = x.shape
    b = start.copy()
    for _ in range(STEPS):
        gradient = -ridge * (b - centre)
        hessian = np.zeros((terms, terms))
        for j in range(terms):
            hessian[j, j] = ridge[j] + 1e-9
        for i in range(n):
            w = weight[i]
            if w == 0.0:
                continue
            eta = 0.0
            for j in range(terms):
                eta += x[i, j] * b[j]
            p = 1.0 / (1.0 + math.exp(-eta))
            g, h = w * (y[i] - p), w * p * (1.0 - p)
            for j in range(terms):
                xj = x[i, j]
                if xj != 0.0:
                    gradient[j] += g * xj
                    for k in range(j + 1):
                        hessian[j, k] += h * xj * x[i, k]
        _solve(hessian, gradient)
        largest = np.max(np.abs(gradient))
        scale = 1.0 if largest < 5.0 else 5.0 / largest
        b += scale * gradient
        if largest < CLOSE_ENOUGH:
            break
    return b


@compiled
def fit_ordered(
    x: np.ndarray,
    z: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    ridge: np.ndarray,
    centre: np.ndarray,
    start: np.ndarray,
) -> np.ndarray:
    """Coefficients (b, c) of P(home wins) = s(x b - z c), P(away wins) = s(-x b - z c), the rest draws.

    s is the logistic function; a proportional odds model (McCullagh 1980) whose two thresholds lie the same
    distance z c from the middle. x (games, terms); z (games, width terms); y 0 home, 1 draw, 2 away; ridge,
    centre and start (terms + width terms,). z c stays positive where `start` has it so.
    """
    n, terms = x.shape
    widths = z.shape[1]
    total = terms + widths
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
                eta += x[i, j] * b[j]
            width = 0.0
            for j in range(widths):
                width += z[i, j] * b[terms + j]
            width = max(width, 0.02)
            up = 1.0 / (1.0 + math.exp(-(eta - width)))
            down = 1.0 / (1.0 + math.exp(-(-eta - width)))
            if y[i] == 0:
                d_eta, d_width = 1.0 - up, -(1.0 - up)
                h_ee, h_ew, h_ww = up * (1.0 - up), -up * (1.0 - up), up * (1.0 - up)
            elif y[i] == 2:
                d_eta, d_width = -(1.0 - down), -(1.0 - down)
                h_ee, h_ew, h_ww = down * (1.0 - down), down * (1.0 - down), down * (1.0 - down)
            else:
                # log(1 - up - down) = log(1-up) + log(1-down) + log(1 - exp(-2 width)); the parts are separate.
                d_eta = -up + down
                spread = math.exp(-2.0 * width)
                d_width = up + down + 2.0 * spread / (1.0 - spread)
                up_h, down_h = up * (1.0 - up), down * (1.0 - down)
                h_ee = up_h + down_h
                h_ew = -up_h + down_h
                h_ww = up_h + down_h + 4.0 * spread / ((1.0 - spread) * (1.0 - spread))
            for j in range(total):
                xj = x[i, j] if j < terms else z[i, j - terms]
                if xj == 0.0:
                    continue
                gradient[j] += w * xj * (d_eta if j < terms else d_width)
                for k in range(j + 1):
                    xk = x[i, k] if k < terms else z[i, k - terms]
                    if j < terms:
                        h = h_ee
                    elif k < terms:
                        h = h_ew
                    else:
                        h = h_ww
                    hessian[j, k] += w * h * xj * xk
        _solve(hessian, gradient)
        largest = np.max(np.abs(gradient))
        scale = 1.0 if largest < 2.0 else 2.0 / largest
        b += scale * gradient
        if largest < CLOSE_ENOUGH:
            break
    return b


@compiled
def apply_logistic(x: np.ndarray, b: np.ndarray) -> np.ndarray:
    """P(home wins) of each row of x (games, terms)."""
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        eta = 0.0
        for j in range(x.shape[1]):
            eta += x[i, j] * b[j]
        out[i] = 1.0 / (1.0 + math.exp(-eta))
    return out


@compiled
def apply_ordered(x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
    """P(home), P(draw), P(away) of each row, (games, 3); `b` as `fit_ordered` gives it."""
    terms = x.shape[1]
    out = np.empty((x.shape[0], 3))
    for i in range(x.shape[0]):
        eta = 0.0
        for j in range(terms):
            eta += x[i, j] * b[j]
        width = 0.0
        for j in range(z.shape[1]):
            width += z[i, j] * b[terms + j]
        width = max(width, 0.02)
        out[i, 0] = 1.0 / (1.0 + math.exp(-(eta - width)))
        out[i, 2] = 1.0 / (1.0 + math.exp(-(-eta - width)))
        out[i, 1] = 1.0 - out[i, 0] - out[i, 2]
    return out


@compiled
def fit_isotonic(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best rising step function of x (sorted ascending), by pooling adjacent violators: positions and heights.

    Barlow et al. 1972. Each block's position is its weighted mean x; between positions `np.interp` is meant.
    """
    n = x.shape[0]
    height, mass, place = np.empty(n), np.empty(n), np.empty(n)
    top = -1
    for i in range(n):
        if weight[i] == 0.0:
            continue
        top += 1
        height[top], mass[top], place[top] = y[i], weight[i], x[i]
        while top > 0 and height[top - 1] >= height[top]:
            both = mass[top - 1] + mass[top]
            height[top - 1] = (height[top - 1] * mass[top - 1] + height[top] * mass[top]) / both
            place[top - 1] = (place[top - 1] * mass[top - 1] + place[top] * mass[top]) / both
            mass[top - 1] = both
            top -= 1
    return place[: top + 1].copy(), height[: top + 1].copy()
