"""The base of all requests and answers of the API."""

from typing import Final

from pydantic import BaseModel, ConfigDict

IMAGE_ID: Final = "k3vq5m7xw2c6l4yzt5fpe3nq6d2rhu7s"
REVISION: Final = "f1d2c3b4a5968778695a4b3c2d1e0f00"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
