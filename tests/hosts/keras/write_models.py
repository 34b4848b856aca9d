"""Writes Keras 3 models for TensorFlow.js, with inputs and Keras's own predictions beside them."""

import json
import sys
from pathlib import Path

import keras
import numpy as np

import gradlens as gl

layers = keras.layers


def models():
    image = keras.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(image))
    pooled = layers.GlobalAveragePooling2D()(layers.Dropout(0.5)(x))
    joined = layers.Add()([pooled, layers.Dense(4, activation="silu")(pooled)])
    yield "skip", keras.Model(image, layers.Dense(3, activation="softmax")(joined))
    yield (
        "bidirectional",
        keras.Sequential(
            [
                keras.Input((5,)),
                layers.Embedding(9, 4, mask_zero=True),
                layers.Bidirectional(layers.LSTM(3)),
                layers.Dense(2),
            ]
        ),
    )
    yield (
        "recurrent",
        keras.Sequential(
            [
                keras.Input((5, 2)),
                layers.GRU(3, reset_after=False, return_sequences=True),
                layers.SimpleRNN(4),
                layers.LayerNormalization(),
                layers.Dense(2, activation="gelu"),
            ]
        ),
    )
    shared = keras.Sequential([keras.Input((4,)), layers.Dense(5, activation="tanh")], name="inner")
    first, second = keras.Input((4,)), keras.Input((4,))
    both = layers.Concatenate()([shared(first), shared(second)])
    yield "siamese", keras.Model([first, second], layers.Dense(1, activation="sigmoid")(both))
    yield (
        "series",
        keras.Sequential(
            [
                keras.Input((6, 4)),
                layers.TimeDistributed(layers.Dense(3)),
                layers.Conv1D(4, 3, padding="same", dilation_rate=2),
                layers.LeakyReLU(negative_slope=0.2),
                layers.GlobalMaxPooling1D(),
                layers.Dense(2),
            ]
        ),
    )
    yield (
        "upsampling",
        keras.Sequential(
            [
                keras.Input((8, 8, 2)),
                layers.SeparableConv2D(4, 3, padding="same"),
                layers.MaxPooling2D(),
                layers.DepthwiseConv2D(3, padding="same"),
                layers.UpSampling2D(),
                layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
                layers.PReLU(shared_axes=[1, 2]),
                layers.Flatten(),
                layers.Dense(2),
            ]
        ),
    )


def refused():
    yield keras.Sequential([keras.Input((5, 2)), layers.GRU(3, name="gru_a")])
    yield keras.Sequential(
        [keras.Input((5, 2)), layers.Conv1D(3, 2, padding="causal", name="causal")]
    )
    yield keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="hard_sigmoid", name="hard")]
    )
    yield keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.UpSampling2D(interpolation="bilinear", name="bilinear"),
        ]
    )
    query = keras.Input((5, 4))
    attention = layers.MultiHeadAttention(2, 2, name="heads")(query, query)
    yield keras.Model(query, attention)
    words = keras.Input((5,))
    embedded = layers.Embedding(9, 4, mask_zero=True)(words)
    yield keras.Model(words, layers.GlobalAveragePooling1D(name="average")(embedded))


def main(folder):
    rng = np.random.default_rng(0)
    for name, model in models():
        for weight in model.weights:
            if "seed" not in weight.path:
                value = rng.normal(size=weight.shape) * 0.4
                weight.assign(np.abs(value) + 0.5 if "variance" in weight.path else value)
        gl.tfjs(model, folder / name)
        is_text = name == "bidirectional"
        inputs = [
            (rng.integers(0, 9, (3, 5)) if is_text else rng.normal(size=(3, *x.shape[1:]))).astype(
                "f4"
            )
            for x in model.inputs
        ]
        predicted = np.asarray(model(inputs if len(inputs) > 1 else inputs[0]))
        content = {"inputs": [x.tolist() for x in inputs], "predictions": predicted.tolist()}
        (folder / name / "expected.json").write_text(json.dumps(content))
    messages = []
    for model in refused():
        try:
            gl.tfjs(model, folder / "refused")
        except gl.UnsupportedError as error:
            messages.append(str(error))
    (folder / "refused.json").write_text(json.dumps(messages))


main(Path(sys.argv[1]))
