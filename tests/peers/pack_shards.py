"""Reads a store of gradients with Python's zarr, checks its hashes, and packs it into shards.

Makes tests/fixtures/python-shards.json:

    npx tsx tests/peers/write-store.ts /tmp/store
    python3 -m venv /tmp/zarr && /tmp/zarr/bin/pip install zarr==3.1.6
    /tmp/zarr/bin/python tests/peers/pack_shards.py /tmp/store tests/fixtures/python-shards.json
"""

import base64
import hashlib
import json
import pathlib
import sys
import tempfile

import numpy as np
import zarr


def sha256(content: bytes) -> str:
    return f'sha256:{hashlib.sha256(content).hexdigest()}'


def check(store: zarr.Group) -> None:
    """Compares the header and the table of checksums with their hashes."""
    header = dict(store.attrs['gradlens'])
    found = header.pop('hash')
    text = json.dumps(header, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert sha256(text.encode()) == found, 'the header was edited'
    lines = -(-header['rows_written'] // header['rows_per_chunk'])
    table = store['checksums'][:lines].astype('<u4')
    assert sha256(table.tobytes()) == header['checksums_hash'], 'another table of checksums'


def pack(store: zarr.Group, folder: str, chunks_per_shard: int) -> None:
    packed = zarr.open_group(folder, mode='w')
    for name, array in store.arrays():
        shards = (array.chunks[0] * chunks_per_shard, *array.chunks[1:])
        packed.create_array(
            name, shape=array.shape, dtype=array.dtype, chunks=array.chunks, shards=shards,
            compressors=zarr.codecs.Crc32cCodec(), filters=None, fill_value=array.fill_value,
            config={'write_empty_chunks': True},
        )[:] = array[:]
    packed.attrs.update(store.attrs)
    for name, array in store.arrays():
        assert np.array_equal(packed[name][:], array[:]), name


def main(source: str, fixture: str) -> None:
    store = zarr.open_group(source, mode='r')
    check(store)
    with tempfile.TemporaryDirectory() as folder:
        pack(store, folder, chunks_per_shard=2)
        check(zarr.open_group(folder, mode='r'))
        root = pathlib.Path(folder)
        files = {
            str(file.relative_to(root)): base64.b64encode(file.read_bytes()).decode()
            for file in sorted(root.rglob('*'))
            if file.is_file()
        }
    source_text = (
        'The store that writeRows of tests/support/stores/written-store.ts writes, packed into shards of two '
        f"chunks by Python's zarr {zarr.__version__}: tests/peers/pack_shards.py."
    )
    content = {'source': source_text, 'files': files}
    pathlib.Path(fixture).write_text(f'{json.dumps(content, indent=1)}\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
