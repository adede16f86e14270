import numpy as np
import pytest

from cnn_tutorial.numpy_ops import check_gradient, numerical_gradient


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
        (cubes, np.ones(2), 0, ValueError, "step must be a positive number; received 0"),
        (cubes, np.ones(2), -1e-3, ValueError, "step must be a positive number; received -0.001"),
        (cubes, np.ones(2), np.nan, ValueError, "step must be a positive number; received nan"),
    ],
)
def test_bad_arguments_are_refused(function, x, step, error, message):
    with pytest.raises(error, match=message):
        numerical_gradient(function, x, step=step)
    with pytest.raises(error, match=message):
        check_gradient(function, np.ones(x.shape), x, step=step)


def test_check_gradient_refuses_another_shape_and_a_bad_tolerance():
    with pytest.raises(ValueError, match=r"shape of x, \(2,\); received \(3,\)"):
        check_gradient(cubes, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="tolerance must be a positive number; received 0"):
        check_gradient(cubes, np.ones(2), np.ones(2), tolerance=0)
