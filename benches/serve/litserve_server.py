"""LitServe, one worker: `litserve_server.py {echo,embed} PORT [MAX_BATCH WAIT_SECONDS]`."""

import sys

import litserve

WORK, PORT = sys.argv[1], int(sys.argv[2])
MAX_BATCH = int(sys.argv[3]) if len(sys.argv) > 3 else 1
WAIT = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0


class Echo(litserve.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return request["values"]

    def predict(self, values):
        return values

    def encode_response(self, output):
        return {"values": output}


class Embed(litserve.LitAPI):
    def setup(self, device):
        from model import load

        self.encoder = load()

    def decode_request(self, request):
        return request["text"]

    def batch(self, inputs):
        return inputs

    def unbatch(self, output):
        return list(output)

    def predict(self, texts):
        if isinstance(texts, str):
            return self.encoder.encode([texts])[0]
        return self.encoder.encode(texts)

    def encode_response(self, output):
        return {"vector": output.tolist()}


if __name__ == "__main__":
    kind, path = (Echo, "/echo") if WORK == "echo" else (Embed, "/embed")
    api = kind(max_batch_size=MAX_BATCH, batch_timeout=WAIT, api_path=path)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(host="127.0.0.1", port=PORT, num_api_servers=1, generate_client_file=False, log_level="warning")
