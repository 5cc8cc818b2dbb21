"""An integration whose third party is a JSON file: one list of items for each kind."""

import json
from pathlib import Path

from port_ocean.context.ocean import ocean
from port_ocean.core.ocean_types import ASYNC_GENERATOR_RESYNC_TYPE


@ocean.on_resync()
async def on_resync(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    items = json.loads(Path(ocean.integration_config["file"]).read_text()).get(kind, [])
    for start in range(0, len(items), 100):
        yield items[start : start + 100]
