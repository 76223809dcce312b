"""The kubelet's gRPC messages: two .proto files and what protoc makes of them.

The ``*_pb2*`` files are generated and committed, so that nothing but Python is needed to install; a
test compiles the .proto files again and compares. To write them anew::

    python -m nodeagent.kubelet.proto.generate

The services themselves are in `nodeagent.kubelet.services`, by hand: protoc's gRPC modules carry no
types and refuse every grpcio older than the one that made them.
"""
