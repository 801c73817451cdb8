"""Which stores the settings choose, as values."""

from api.settings import Settings
from storage.profile import BucketOptions, StoreOptions
from storage.s3_client import S3Options

__all__ = ["store_options"]


def store_options(settings: Settings) -> StoreOptions:
    """Which profile the settings choose."""
    bucket = None
    if settings.objects == "s3":
        s3 = S3Options(
            endpoint=settings.s3_endpoint,
            bucket=settings.s3_bucket,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            region=settings.s3_region,
            ca_file=None if settings.s3_ca_file is None else str(settings.s3_ca_file),
            timeout=settings.s3_timeout,
        )
        bucket = BucketOptions(s3, sealed=settings.s3_sealed, lock=settings.s3_lock)
    return StoreOptions(
        database=settings.database,
        folder=settings.data_dir / "objects",
        migration=settings.migration_url,
        status=settings.status_url,
        bucket=bucket,
    )
