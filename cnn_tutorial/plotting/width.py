"""The width of the book's figures, in one place."""

WIDTH = 5.6  # inches: fills the page's column on a desk, shrinks to two thirds on a phone
