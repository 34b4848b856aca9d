"""Pages that contain a model and explain it."""

from gradlens.live_report.live_page import LivePage
from gradlens.live_report.write_live import live

__all__ = ["LivePage", "live"]
