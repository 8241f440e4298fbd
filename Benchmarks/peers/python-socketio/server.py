"""A chat server on python-socketio with its Redis manager, to measure Switchboard beside: server.py PORT REDIS_URL

A client emits join_channel with the channel's id, and send_message with {"channelId", "content"}. Every message goes through Redis to every
process. Nothing is stored, nobody is authenticated. As its documentation advises: asyncio, uvicorn, AsyncRedisManager.
"""

import datetime
import sys
import uuid

import socketio
import uvicorn

port, url = sys.argv[1:]
server = socketio.AsyncServer(async_mode="asgi", client_manager=socketio.AsyncRedisManager(url), cors_allowed_origins=[])


@server.event
async def join_channel(sid, channel):
    await server.enter_room(sid, channel)
    await server.emit("joined", channel, to=sid)


@server.event
async def send_message(sid, message):
    created = datetime.datetime.now(datetime.timezone.utc).isoformat()
    await server.emit(
        "receive_message",
        {"channelId": message["channelId"], "messageId": str(uuid.uuid4()), "content": message["content"], "createdAt": created},
        room=message["channelId"],
    )


class Announcing(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("listening", flush=True)


Announcing(uvicorn.Config(socketio.ASGIApp(server), host="127.0.0.1", port=int(port), log_level="error")).run()
