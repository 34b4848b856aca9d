"""Writes tests/unit/demo/yours/keras-models.zip: models by Keras 3, with inputs and outputs.

    python tests/peers/keras_models.py tests/unit/demo/yours/keras-models.zip

Needs keras 3 with TensorFlow.
"""

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

layers = keras.layers
random = np.random.default_rng(0)


def shared_and_skipped():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.Dropout(0.5)(layers.BatchNormalization()(x))
    pooled = layers.GlobalAveragePooling2D()(x)
    dense = layers.Dense(4, activation="silu")(pooled)
    scores = layers.Dense(3, activation="softmax")(layers.Add()([pooled, dense]))
    return keras.Model(image, scores)


def nested():
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(2)], name="inner"
    )
    x = keras.Input((4,))
    joined = layers.Concatenate()([inner(x), layers.Dense(3, use_bias=False)(x)])
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(joined))


def text():
    vectorize = layers.TextVectorization(max_tokens=20, output_sequence_length=6)
    vectorize.adapt(["a fine day", "a bad day, really!", "fine fine film"])
    return keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            vectorize,
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, activation="softmax"),
        ]
    )


models = {
    "shared": shared_and_skipped(),
    "nested": nested(),
    "text": text(),
    "bidirectional": keras.Sequential(
        [
            keras.Input((5,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dense(2),
        ]
    ),
    "recurrent": keras.Sequential(
        [
            keras.Input((5, 2)),
            layers.GRU(3, reset_after=False, return_sequences=True),
            layers.SimpleRNN(4),
            layers.LayerNormalization(),
            layers.Dense(2, activation="gelu"),
        ]
    ),
    "sequence": keras.Sequential(
        [
            keras.Input((6, 4)),
            layers.TimeDistributed(layers.Dense(3)),
            layers.Conv1D(4, 3, padding="same", dilation_rate=2),
            layers.LeakyReLU(negative_slope=0.2),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        ]
    ),
    "images": keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.SeparableConv2D(4, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.UpSampling2D(),
            layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.BatchNormalization(scale=False),
            layers.Flatten(),
            layers.Dense(2),
        ]
    ),
    "refused": keras.Sequential([keras.Input((5, 2)), layers.GRU(3), layers.Dense(2)]),
}


def set_random(model):
    for weight in model.weights:
        if weight.dtype == "float32" and "seed" not in weight.path:
            values = random.normal(size=weight.shape) * 0.4
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)


def ask(name, model):
    if name == "text":
        texts = ["A fine, unknown day", "bad"]
        outputs = model.predict(keras.ops.convert_to_tensor(texts)[:, None], verbose=0)
        return {"texts": texts, "outputs": np.asarray(outputs).ravel().tolist()}
    shape = (3, *model.inputs[0].shape[1:])
    x = random.integers(0, 9, shape) if name == "bidirectional" else random.random(shape)
    outputs = model.predict(x.astype("float32"), verbose=0)
    return {"shape": shape, "x": x.ravel().tolist(), "outputs": outputs.ravel().tolist()}


answers = {}
with (
    tempfile.TemporaryDirectory() as folder,
    zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
):
    for name, model in models.items():
        set_random(model)
        path = Path(folder, f"{name}.keras")
        model.save(path)
        archive.write(path, path.name)
        answers[name] = ask(name, model)
    archive.writestr("answers.json", json.dumps({"keras": keras.__version__, "models": answers}))
