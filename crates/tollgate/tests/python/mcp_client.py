"""Speaks with an MCP server by the official client, and prints what came of each step as a line of JSON.

    mcp_client.py URL TOKEN STEPS

TOKEN is sent as a bearer token unless it is empty. STEPS is a JSON list of lists: ["info"], ["tools"],
["call", NAME, ARGUMENTS], ["prompts"], ["prompt", NAME, ARGUMENTS], ["resources"], ["templates"], ["read", URI],
["ping"].
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError


async def step(client, what, *arguments):
    match what:
        case "info":
            return {
                "server": client.server_info.model_dump(mode="json", exclude_none=True),
                "revision": client.protocol_version,
                "instructions": client.instructions,
            }
        case "ping":
            await client.session.send_ping()
            return {}
        case "tools":
            return await client.list_tools()
        case "call":
            return await client.call_tool(arguments[0], arguments[1])
        case "prompts":
            return await client.list_prompts()
        case "prompt":
            return await client.get_prompt(arguments[0], arguments[1])
        case "resources":
            return await client.list_resources()
        case "templates":
            return await client.list_resource_templates()
        case "read":
            return await client.read_resource(arguments[0])
    raise ValueError(what)


async def main(url, token, steps):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            for each in steps:
                try:
                    result = await step(client, *each)
                    result = result if isinstance(result, dict) else result.model_dump(
                        mode="json", by_alias=True, exclude_none=True
                    )
                except MCPError as error:
                    result = {"error": {"code": error.error.code, "message": error.error.message}}
                print(json.dumps(result), flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
