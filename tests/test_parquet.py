import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ltd.errors import DataError
from ltd.parquet import BATCH_ROWS, read_batches


@pytest.fixture
def path(tmp_path):
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]}), tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_only_the_columns_asked_for_are_read(path):
    (batch,) = read_batches(path, ["b"], ["c", "absent"])
    assert batch.to_pydict() == {"b": ["x", "y"], "c": [0.5, 1.5]}


def test_rows_come_in_batches(tmp_path):
    pq.write_table(pa.table({"a": range(2 * BATCH_ROWS + 1)}), tmp_path / "rows.parquet")
    sizes = [batch.num_rows for batch in read_batches(tmp_path / "rows.parquet", ["a"])]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 1]


def test_missing_columns_are_named_beside_those_there_are(path):
    with pytest.raises(DataError, match=f"{path} has no column d, e; its columns: a, b, c"):
        list(read_batches(path, ["a", "d", "e"]))


@pytest.mark.parametrize("content", [b"", b"PAR1 but no more", b"a,b\n1,2\n"])
def test_a_file_that_is_not_parquet_is_named_in_one_line(tmp_path, content):
    path = tmp_path / "rows.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path} cannot be read as Parquet: ") as refused:
        list(read_batches(path, ["a"]))
    assert "\n" not in str(refused.value)


def test_a_file_that_was_cut_off_is_named(path):
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=f"{path} cannot be read as Parquet: "):
        list(read_batches(path, ["a"]))
