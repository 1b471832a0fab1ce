"""Reading photos of digits with trained networks: streamed, in order, whatever the files are."""

# The ways from a photo to what a network reads, in a few words each; the usual one first.
METHODS = {"mnist": "as MNIST's digits were, made robust for photos", "report": "as in the report"}
# How many digits a photo shows, in a few words each; the usual one first.
NUMBERS = {
    "auto": "one digit or several, as found",
    "one": "one digit",
    "row": "several digits, row by row",
}
THRESHOLD = 0.5  # below this probability an answer is a guess; see tests/benchmarks/bench_photos.py
