"""The kernel explains: Python callables behind the page's explainer element."""

from __future__ import annotations

import ctypes
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from gradlens.arrays import to_array, to_list
from gradlens.constructors import attribution as make_attribution
from gradlens.constructors import explanation as to_explanation
from gradlens.constructors import similarity as make_similarity
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.explanation_widget import ExplanationWidget, camel_case_keys


class Cancelled(BaseException):
    """Raised in a callable whose call was cancelled."""


class AskWidget(ExplanationWidget):
    """Shows an example, and asks Python callables to explain it.

    Parameters
    ----------
    callables
        By the name of the part: ``predict``, ``attribution`` and ``similarity``.
    x
        The example, which the callables are given.
    **traits
        The widget's traits.
    """

    parts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    question = traitlets.Bytes().tag(sync=True)

    def __init__(self, callables: Mapping[str, Callable[..., Any]], x: Any, **traits: Any) -> None:
        super().__init__(parts=list(callables), **traits)
        self._callables = callables
        self._x = x
        self._threads: dict[int, threading.Thread] = {}
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("id"), int):
            return
        call = message["id"]
        if message.get("type") == "cancel":
            self._cancel(call)
        elif message.get("type") == "call" and message.get("part") in self._callables:
            thread = threading.Thread(
                target=self._answer,
                args=(call, message["part"], message.get("target")),
                daemon=True,
            )
            self._threads[call] = thread
            thread.start()

    def _cancel(self, call: int) -> None:
        """Raise Cancelled in the thread, at its next Python instruction."""
        thread = self._threads.pop(call, None)
        if thread is not None and thread.ident is not None and thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(Cancelled)
            )

    def _answer(self, call: int, part: str, target: int | None) -> None:
        try:
            frame = self._explain(call, part, target).to_frame(dtype="float32")
        except Cancelled:
            return
        except Exception as error:
            self._reply(call, "error", name=type(error).__name__, message=str(error))
        else:
            self._reply(call, "result", buffers=[frame])
        finally:
            self._threads.pop(call, None)

    def _explain(self, call: int, part: str, target: int | None) -> Explanation:
        function = self._callables[part]
        accepted = _parameters_of(function)

        def report(done: int, total: int, phase: str = "explain") -> None:
            """Report progress. It also ends a call that was cancelled."""
            if call not in self._threads:
                raise Cancelled
            self._reply(call, "progress", phase=phase, done=done, total=total)

        given = {"progress": report, "target": target}
        answer = function(self._x, **{k: v for k, v in given.items() if k in accepted})
        if part == "attribution" and not _is_explanation(answer):
            return make_attribution(answer, x=self._x, target=target)
        if part == "similarity" and not _is_explanation(answer):
            return make_similarity(answer)
        if part != "predict":
            return to_explanation(answer)
        predictions = to_array("the result of predict", answer).reshape(1, -1)
        return Explanation({"name": "Prediction"}, {"predictions": predictions})

    def _reply(self, call: int, kind: str, *, buffers: Any = None, **content: Any) -> None:
        if call in self._threads:
            self.send({"type": kind, "id": call, **content}, buffers=buffers)


def ask(
    x: Any,
    *,
    predict: Callable[..., Any] | None = None,
    attribution: Callable[..., Any] | None = None,
    similarity: Callable[..., Any] | None = None,
    labels: Sequence[str] | None = None,
    **options: Any,
) -> AskWidget:
    """Show an example that Python explains when the page asks.

    Parameters
    ----------
    x
        The example, with its batch axis: [1, …].
    predict
        Returns the model's output for ``x``.
    attribution
        Returns attributions for ``x`` as :func:`gradlens.explanation` or
        :func:`gradlens.attribution` accept them, such as alibi's ``IntegratedGradients.explain`` or
        captum's ``IntegratedGradients.attribute``. A parameter ``target`` is given the predicted
        class, and a parameter ``progress`` a function ``progress(done, total)``.
    similarity
        Returns a ranking of training examples as :func:`gradlens.explanation` or
        :func:`gradlens.similarity` accept them, such as alibi's ``GradientSimilarity.explain``. A
        parameter ``progress`` is given a function.
    labels
        The names of the classes.
    **options
        Properties of ``<gl-explainer>`` in snake_case, such as ``kind='image'``.

    Returns
    -------
    AskWidget
        The widget. In a callable that is cancelled, the exception :class:`Cancelled` is raised.

    Raises
    ------
    InvalidArgumentError
        If there is nothing to ask, or ``x`` isn't one example.
    """
    given: dict[str, Callable[..., Any]] = {}
    parts = {"predict": predict, "attribution": attribution, "similarity": similarity}
    for part, function in parts.items():
        if function is None:
            continue
        if not callable(function):
            raise InvalidArgumentError(part, describe(function), "a function of x")
        given[part] = function
    if not given.keys() - {"predict"}:
        raise InvalidArgumentError(
            "attribution, similarity", "neither", "a function that explains x"
        )
    example = to_array("x", x)
    if example.ndim == 0 or example.shape[0] != 1:
        raise InvalidArgumentError("x", describe(x), "one example with its batch axis: [1, …]")
    question = Explanation({"name": "Question"}, {"X": example})
    shown = {"labels": to_list("labels", labels), **options}
    return AskWidget(
        given,
        x,
        question=question.to_frame(dtype="float32"),
        options=camel_case_keys({key: value for key, value in shown.items() if value is not None}),
    )


def _is_explanation(answer: Any) -> bool:
    has_meta = "meta" in answer if isinstance(answer, Mapping) else hasattr(answer, "meta")
    return has_meta or isinstance(answer, str | bytes)


def _parameters_of(function: Callable[..., Any]) -> Sequence[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
