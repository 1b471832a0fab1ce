"""Reading photos of digits with trained networks: streamed, in order, whatever the files are."""

#: The ways from a photo to what a network reads, in a few words each; the usual one first.
METHODS = {"mnist": "like MNIST's images, robust for photos", "report": "as in the report"}
#: How many digits a photo shows, in a few words each; the usual one first.
NUMBERS = {
    "auto": "one digit or several, as found",
    "one": "one digit",
    "row": "several digits, row by row",
}
#: Below this probability an answer is a guess; tests/benchmarks/bench_photos.py measures it.
THRESHOLD = 0.5
