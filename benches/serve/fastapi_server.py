"""FastAPI on uvicorn, one worker: `fastapi_server.py {echo,embed} PORT`."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

WORK, PORT = sys.argv[1], int(sys.argv[2])

app = FastAPI()


class Values(BaseModel):
    values: list[float]


class Text(BaseModel):
    text: str


class Vector(BaseModel):
    vector: list[float]


if WORK == "echo":

    @app.post("/echo")
    async def echo(values: Values) -> Values:
        return values

else:
    from model import load

    encoder = load()

    # Not `async`: FastAPI runs it on a thread, and the loop goes on taking requests.
    @app.post("/embed")
    def embed(text: Text) -> Vector:
        return Vector(vector=encoder.encode([text.text])[0].tolist())


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)
