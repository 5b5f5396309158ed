"""Run by a test through `python!(file = …)`."""
scale = 10


def scaled(values):
    return [value * scale for value in values]


scaled(data)
