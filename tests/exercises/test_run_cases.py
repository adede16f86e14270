import pytest

from cnn_tutorial.exercises import WrongAnswer, compare_numbers, run_cases

CASES = [("twice 2", (2,), 4), ("twice 3", (3,), 6)]


def run(answer):
    run_cases(answer, CASES, compare_numbers, done="doubled")


def stub(x):
    raise NotImplementedError("write your answer here")


@pytest.mark.parametrize("answer", [None, stub])
def test_a_stub_and_nothing_at_all_are_not_attempted_yet(answer, capsys):
    run(answer)
    assert capsys.readouterr().out == "not attempted yet\n"


def test_a_right_answer_gets_its_tick(capsys):
    run(lambda x: 2 * x)
    assert capsys.readouterr().out == "✓ doubled\n"


def test_a_forgotten_return_is_named_and_is_no_stub(capsys):
    with pytest.raises(WrongAnswer, match="a return missing"):
        run(lambda x: None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("half", "message"),
    [
        (lambda x: 4 if x == 2 else None, "twice 3: .* is a return missing"),
        (lambda x: 4 if x == 2 else stub(x), "twice 3: .* is not written yet"),
    ],
    ids=["returned in one branch", "half written"],
)
def test_an_answer_for_the_first_case_only_is_wrong(half, message):
    with pytest.raises(WrongAnswer, match=message):
        run(half)
