"""An integration whose third party is a JSON file: one list of items for each kind."""

import json
from pathlib import Path

from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.actions.abstract_executor import AbstractExecutor
from port_ocean.core.models import IntegrationRun
from port_ocean.core.ocean_types import ASYNC_GENERATOR_RESYNC_TYPE


@ocean.on_resync()
async def on_resync(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    items = json.loads(Path(ocean.integration_config["file"]).read_text()).get(kind, [])
    for start in range(0, len(items), 100):
        yield items[start : start + 100]


class Deploy(AbstractExecutor):
    """Says what it was given, and ends as it is told to."""

    ACTION_NAME = "deploy"
    WEBHOOK_PROCESSOR_CLASS = None
    WEBHOOK_PATH = ""

    async def is_close_to_rate_limit(self, run: IntegrationRun) -> bool:
        return False

    async def get_remaining_seconds_until_rate_limit(self, run: IntegrationRun) -> float:
        return 0.0

    async def execute(self, run: IntegrationRun) -> None:
        given = run.execution_properties
        if given.get("fail"):
            raise ValueError("it was told to fail")
        outside = f"ext-{run.id}"
        await ocean.port_client.patch_action_run(run.id, {"link": "https://ci.example.com/1", "externalRunId": outside})
        found = await ocean.port_client.get_run_by_external_id(outside)
        await ocean.port_client.post_action_run_log(run.id, f"deploying {given['version']} as {found.id if found else None}")
        await ocean.port_client.patch_action_run(run.id, {"status": "SUCCESS"})


ocean.register_action_executor(Deploy())
