"""Answers to chapter 11's exercises that its checkers must refuse."""

import numpy as np

WRONG = {
    "check_accuracy": [
        lambda labels, answers: np.sum(labels == answers),  # a count, not a share
        lambda labels, answers: np.mean(labels != answers),  # the share of mistakes
        lambda labels, answers: 100 * np.mean(labels == answers),  # per cent
        lambda labels, answers: np.mean(np.sort(labels) == np.sort(answers)),  # ignores places
        lambda labels, answers: labels == answers,  # not reduced
        lambda labels, answers: 0.75,  # fits the first case only
    ],
    "check_majority_accuracy": [
        lambda train, test: np.mean(test == np.bincount(test).argmax()),  # peeks at the test
        lambda train, test: np.mean(train == np.bincount(train).argmax()),  # scores on training
        lambda train, test: np.mean(test == train.max()),  # the largest label, not the commonest
        lambda train, test: np.mean(  # in a tie the largest
            test == len(np.bincount(train)) - 1 - np.bincount(train)[::-1].argmax()
        ),
        lambda train, test: np.bincount(train).argmax(),  # the label itself
    ],
    "check_least_certain": [
        lambda probs, count: np.argsort(-probs.max(axis=1))[:count],  # the most certain
        lambda probs, count: np.argsort(probs.min(axis=1))[:count],  # smallest probability
        lambda probs, count: np.argsort(probs[:, 0])[:count],  # one class only
        lambda probs, count: np.argsort(probs.max(axis=1))[-count:],  # the wrong end
        lambda probs, count: np.sort(probs.max(axis=1))[:count],  # the values, not the indices
        lambda probs, count: np.sort(np.argsort(probs.max(axis=1))[:count]),  # order lost
    ],
}
