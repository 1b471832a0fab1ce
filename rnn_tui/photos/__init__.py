"""Reading photos of digits with trained networks: streamed, in order, whatever the files are."""

# The ways from a photo to what a network reads, in a few words each; the usual one first.
METHODS = {"mnist": "as MNIST's digits were, made robust for photos", "report": "as in the report"}
# Below this probability an answer is a guess; see tests/benchmarks/bench_photos.py.
THRESHOLD = 0.5
