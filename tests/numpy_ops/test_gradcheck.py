import numpy as np
import pytest

from cnn_tutorial.numpy_ops import check_gradient, check_gradients, numerical_gradient


def cubes(x):
    return (x**3).sum()


def test_numerical_gradient_of_a_quadratic_is_exact_by_hand():
    # (f(x + h) - f(x - h)) / 2h = 2x for x^2, whatever h: here ((3)^2 - (1)^2) / 2 = 4 at x = 2
    gradient = numerical_gradient(lambda x: x[0] ** 2, np.array([2.0]), step=0.5)
    assert gradient.tolist() == [4.0]


def test_the_step_is_relative_and_changes_the_result():
    # For x^3 the central difference is 3x^2 + h^2, with h = step * max(1, |x|).
    x = np.array([0.5, 4.0])
    np.testing.assert_allclose(numerical_gradient(cubes, x, step=0.1), 3 * x**2 + [0.01, 0.16])
    np.testing.assert_allclose(numerical_gradient(cubes, x, step=0.2), 3 * x**2 + [0.04, 0.64])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_numerical_gradient_matches_the_closed_form_in_both_dtypes(rng, dtype, tolerance):
    x = rng.normal(size=(2, 3)).astype(dtype)
    gradient = numerical_gradient(lambda x: np.sin(x).sum(dtype=dtype), x)
    assert gradient.dtype == dtype
    assert np.abs(gradient - np.cos(x)).max() < tolerance


def test_the_default_step_is_near_the_best(rng):
    x = rng.normal(size=20)

    def error(step):
        return np.abs(numerical_gradient(lambda x: np.exp(x).sum(), x, step=step) - np.exp(x)).max()

    assert error(None) < error(1e-3) / 100
    assert error(None) < error(1e-9) / 100


def test_x_is_not_changed_and_functions_may_change_their_argument():
    x = np.array([1.0, 2.0])

    def destructive(values):
        total = cubes(values)
        values[:] = 0
        return total

    np.testing.assert_allclose(numerical_gradient(destructive, x), [3, 12], rtol=1e-9)
    assert x.tolist() == [1, 2]


def test_check_gradient_passes_what_is_right_and_fails_what_is_wrong(rng):
    x = rng.normal(size=(3, 2))
    right = 3 * x**2
    assert check_gradient(cubes, right, x).passed
    wrong = right.copy()
    wrong[1, 0] += 1e-5 * np.abs(right).max()
    report = check_gradient(cubes, wrong, x)
    assert not report.passed
    assert report.index == (1, 0)
    assert report.error == pytest.approx(1e-5, rel=1e-3)
    assert report.given == wrong[1, 0]
    assert report.expected == pytest.approx(right[1, 0], rel=1e-6)
    assert check_gradient(cubes, wrong, x, tolerance=1e-4).passed


def test_check_gradient_reads_as_a_sentence():
    x = np.array([1.0, 2.0])
    text = str(check_gradient(cubes, np.array([3.0, 6.0]), x))
    assert "DIFFERS" in text
    assert "5.0e-01 (tolerance 1.0e-07) at (1,), where it is 6 and should be 12" in text
    assert "agrees with central differences" in str(check_gradient(cubes, 3 * x**2, x))


def test_check_gradient_takes_a_callable_and_its_step_counts():
    x = np.array([1.0, 2.0])
    assert check_gradient(cubes, lambda x: 3 * x**2, x).passed
    assert not check_gradient(cubes, lambda x: 3 * x**2, x, step=0.1).passed


def test_check_gradient_allows_for_the_dtype(rng):
    x = rng.normal(size=5).astype(np.float32)
    assert check_gradient(cubes, 3 * x**2, x).passed
    assert not check_gradient(cubes, 3.2 * x**2, x).passed
    assert not check_gradient(cubes, 3 * x**2, x, tolerance=1e-9).passed


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_never_passes(bad):
    x = np.array([1.0, 2.0])
    with np.errstate(invalid="ignore"):
        assert not check_gradient(cubes, np.array([3.0, bad]), x).passed
        assert not check_gradient(lambda x: cubes(x) * bad, 3 * x**2, x).passed


def test_a_gradient_of_zeros_passes_where_the_function_is_constant():
    assert check_gradient(lambda x: 1.0, np.zeros(3), np.ones(3)).passed


@pytest.mark.parametrize(
    ("function", "x", "step", "error", "message"),
    [
        (cubes, np.ones(2, int), None, TypeError, "x must be of a floating dtype; received int64"),
        (cubes, np.ones(2, complex), None, TypeError, "x must be of a floating dtype; received co"),
        (cubes, np.ones(0), None, ValueError, r"x must not be empty; received shape \(0,\)"),
        (3, np.ones(2), None, TypeError, "function must be callable; received int"),
        (np.sin, np.ones(2), None, ValueError, r"one real number; received an array of shape \(2,"),
        (cubes, np.ones(2), 0, ValueError, "step must be positive; received 0"),
        (cubes, np.ones(2), -1e-3, ValueError, "step must be at least 0 .*; received -0.001"),
        (cubes, np.ones(2), np.nan, ValueError, "step must be at least 0 .*; received nan"),
        (cubes, np.ones(2), np.inf, ValueError, "step must be .* finite; received inf"),
        (cubes, np.ones(2), True, TypeError, "step must be a number; received bool: True"),
        (cubes, np.ones(2), "1", TypeError, "step must be a number; received str: '1'"),
    ],
)
def test_bad_arguments_are_refused(function, x, step, error, message):
    with pytest.raises(error, match=message):
        numerical_gradient(function, x, step=step)
    with pytest.raises(error, match=message):
        check_gradient(function, np.ones(x.shape), x, step=step)


@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        (np.ones(3), ValueError, r"shape of x, \(2,\); received \(3,\)"),
        # Its real part is right: it must not pass.
        (np.full(2, 3 + 5j), TypeError, "gradient must be an array of real numbers; .*complex128"),
        ([True, True], TypeError, "gradient must be .* received dtype bool"),
        (None, TypeError, "gradient must be .* received dtype object"),
    ],
)
def test_check_gradient_refuses_a_gradient_that_is_none(gradient, error, message):
    with pytest.raises(error, match=message):
        check_gradient(cubes, gradient, np.ones(2))
    with pytest.raises(error, match=message):
        check_gradient(cubes, lambda x: gradient, np.ones(2))


@pytest.mark.parametrize(
    ("tolerance", "error", "message"),
    [
        (0, ValueError, "tolerance must be positive; received 0"),
        (np.nan, ValueError, "tolerance must be at least 0 .*; received nan"),
        (True, TypeError, "tolerance must be a number; received bool: True"),
        ("1", TypeError, "tolerance must be a number; received str: '1'"),
    ],
)
def test_check_gradient_refuses_a_bad_tolerance(tolerance, error, message):
    with pytest.raises(error, match=message):
        check_gradient(cubes, np.ones(2), np.ones(2), tolerance=tolerance)


# Several arguments at once


def affine(inputs, weights, power):
    return ((inputs @ weights) ** power).sum()


def test_check_gradients_names_the_argument_that_is_wrong(rng):
    arguments = {"inputs": rng.normal(size=(2, 3)), "weights": rng.normal(size=3), "power": 2}
    twice = 2 * (arguments["inputs"] @ arguments["weights"])
    gradients = {
        "weights": twice @ arguments["inputs"],
        "inputs": np.outer(twice, arguments["weights"]),
    }
    reports = check_gradients(affine, gradients, arguments)
    assert list(reports) == ["weights", "inputs"]
    assert all(report.passed for report in reports.values())
    gradients["weights"][1] *= 1.01
    reports = check_gradients(affine, gradients, arguments)
    assert [report.passed for report in reports.values()] == [False, True]
    assert reports["weights"].index == (1,)
    reports = check_gradients(affine, gradients, arguments, tolerance=0.1)
    assert all(report.passed for report in reports.values())
    wide = check_gradients(affine, gradients, {**arguments, "power": 4}, step=0.5)
    narrow = check_gradients(affine, gradients, {**arguments, "power": 4})
    assert wide["inputs"].expected != pytest.approx(narrow["inputs"].expected, rel=1e-3)


@pytest.mark.parametrize(
    ("function", "gradients", "arguments", "error", "message"),
    [
        (3, {"x": 1}, {"x": 1}, TypeError, "function must be callable; received int"),
        (cubes, [1], {"x": 1}, TypeError, "gradients must be a dict from name to array; rec"),
        (cubes, {"x": 1}, [1], TypeError, "arguments must be a dict .* received list"),
        (cubes, {}, {"x": 1}, ValueError, r"gradients must name some .* \['x'\]; received \[\]"),
        (cubes, {"y": 1}, {"x": 1}, ValueError, r"gradients must name some .* received \['y'\]"),
    ],
)
def test_check_gradients_refuses_bad_arguments(function, gradients, arguments, error, message):
    with pytest.raises(error, match=message):
        check_gradients(function, gradients, arguments)


def test_check_gradients_says_which_argument_was_refused():
    with pytest.raises(ValueError, match=r"shape of x, \(2,\); received \(3,\)") as refused:
        check_gradients(lambda x, y: x.sum(), {"x": np.ones(3)}, {"x": np.ones(2), "y": 1})
    assert refused.value.__notes__ == ["while checking the gradient with respect to 'x'"]
    with pytest.raises(TypeError, match="x must be of a floating dtype; received int64"):
        check_gradients(lambda x, y: x.sum(), {"y": 0}, {"x": np.ones(2), "y": 1})
