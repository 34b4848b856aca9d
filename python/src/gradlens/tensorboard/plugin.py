"""TensorBoard's tab of explanations, with a slider over the steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.data import provider
from tensorboard.plugins import base_plugin
from werkzeug import Request, exceptions

from gradlens.kit import read_module
from gradlens.tensorboard.summary import PLUGIN_NAME

#: The steps of a tag that are kept, evenly spaced.
_STEPS = 100


class GradlensPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """Serves the explanations that :func:`gradlens.log` wrote, and the page that shows them.

    Parameters
    ----------
    context
        TensorBoard's context.
    """

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        self._provider = context.data_provider

    def is_active(self) -> bool:
        """Return False, so that TensorBoard looks for the summaries itself."""
        return False

    def data_plugin_names(self) -> tuple[str, ...]:
        """Name the summaries that activate the tab."""
        return (PLUGIN_NAME,)

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Name the tab and its module."""
        return base_plugin.FrontendMetadata(
            es_module_path="/tab.js", tab_name="gradlens", disable_reload=False
        )

    def get_plugin_apps(self) -> dict[str, Callable[..., Any]]:
        """Route the addresses of the plugin."""
        return {
            "/tab.js": _serve_script("tensorboard"),
            "/frames": self._serve_list,
            "/frame": self._serve_frame,
        }

    def _serve_list(self, environ: Any, start_response: Any) -> Any:
        """Serve all explanations: ``{run: {tag: [{step, wall_time, key}]}}``."""
        request = Request(environ)
        context = plugin_util.context(environ)
        experiment = plugin_util.experiment_id(environ)
        sequences = self._provider.read_blob_sequences(
            context,
            experiment_id=experiment,
            plugin_name=PLUGIN_NAME,
            downsample=_STEPS,
            run_tag_filter=provider.RunTagFilter(runs=request.args.getlist("run") or None),
        )
        listed = {
            run: {
                tag: [
                    {
                        "step": datum.step,
                        "wall_time": datum.wall_time,
                        "key": datum.values[0].blob_key,
                    }
                    for datum in data
                    if datum.values
                ]
                for tag, data in tags.items()
            }
            for run, tags in sequences.items()
        }
        response = http_util.Respond(request, json.dumps(listed), "application/json")
        return response(environ, start_response)

    def _serve_frame(self, environ: Any, start_response: Any) -> Any:
        """Serve the frame of a blob key."""
        request = Request(environ)
        key = request.args.get("key")
        if key is None:
            raise exceptions.BadRequest("the address has no key")
        frame = self._provider.read_blob(plugin_util.context(environ), blob_key=key)
        response = http_util.Respond(request, frame, "application/octet-stream")
        return response(environ, start_response)


def _serve_script(name: str) -> Callable[..., Any]:
    def serve(environ: Any, start_response: Any) -> Any:
        response = http_util.Respond(Request(environ), read_module(name), "text/javascript")
        return response(environ, start_response)

    return serve
