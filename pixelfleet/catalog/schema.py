"""The tables and the access patterns that their keys serve. `provision` and Terraform both make these.

| question | answered by |
| --- | --- |
| one image | images: `image_id` |
| the image that has an alias | images: `image_id` = `alias#digest`, see `alias_claims.py` |
| an owner's images, newest first | images/by_owner: `owner_shard`, `uploaded_sort` |
| a batch's images by status, and by name within a status | images/by_batch: `batch_shard`, `status_sort` |
| failures, all or by cause, oldest first | images/by_failure: `failure_shard`, `failure_sort` |
| an owner's images with the same bytes | images/by_digest: `sha256`, and `owner_shard` that begins with the owner |
| one batch; one of its 32 counters | batches: `batch_id` = `owner/name` or `owner/name#NN` |
| an owner's batches; all batches, newest first | batches/by_owner, batches/by_created |
| a user; a token; what else signing in needs | users: `user_id` = `user#name`, `token#digest`, see `users.py` |
| a recipe's text; names, routes and defaults; a name's versions | recipes: `text#digest`, `registry`, `versions#name` |
| heartbeats, throughput, operator actions in order | activity: `stream`, `at` |

Index keys that one large batch or owner would make hot carry a shard, a hash of `image_id`; readers
merge the shards. The image indexes project keys alone: an item is written to an index only when its
place in it changes, and a page of results is one BatchGetItem.

The keys of by_digest are attributes that the other readers use too, so that an index added to a table has its older
items at once. An index entry stays while its image is failed or deleted: readers look at the record.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

#: Bytes of a range key, in an item and in a condition (DynamoDB developer guide, "Constraints").
MOST_SORT_BYTES: Final = 1_024
IMAGE_INDEX_SHARDS: Final = 8
BATCH_COUNTER_SHARDS: Final = 32
#: Keys of other items of the images table have this character; ids of images do not.
CLAIM_MARK: Final = "#"


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    hash_key: str
    range_key: str
    projection: Literal["KEYS_ONLY", "ALL"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table, on demand. Every key attribute is a string; `ttl` names the epoch-seconds attribute."""

    name: str
    hash_key: str
    range_key: str | None = None
    indexes: tuple[Index, ...] = field(default=())
    ttl: str | None = None

    @property
    def key_attributes(self) -> tuple[str, ...]:
        keys = [self.hash_key, *([self.range_key] if self.range_key else [])]
        for index in self.indexes:
            keys += [index.hash_key, index.range_key]
        return tuple(dict.fromkeys(keys))


BY_OWNER: Final = Index("by_owner", "owner_shard", "uploaded_sort", "KEYS_ONLY")
BY_BATCH: Final = Index("by_batch", "batch_shard", "status_sort", "KEYS_ONLY")
BY_FAILURE: Final = Index("by_failure", "failure_shard", "failure_sort", "KEYS_ONLY")
BY_DIGEST: Final = Index("by_digest", "sha256", "owner_shard", "KEYS_ONLY")
BY_CREATED: Final = Index("by_created", "listing", "created_at", "ALL")
BATCHES_BY_OWNER: Final = Index("by_owner", "owner", "created_at", "ALL")

IMAGES: Final = Table("images", "image_id", indexes=(BY_OWNER, BY_BATCH, BY_FAILURE, BY_DIGEST))
BATCHES: Final = Table("batches", "batch_id", indexes=(BATCHES_BY_OWNER, BY_CREATED))
USERS: Final = Table("users", "user_id", ttl="expires_at")
RECIPES: Final = Table("recipes", "recipe_id")
ACTIVITY: Final = Table("activity", "stream", "at", ttl="expires_at")

TABLES: Final = (IMAGES, BATCHES, USERS, RECIPES, ACTIVITY)
