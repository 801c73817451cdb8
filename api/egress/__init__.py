"""The one way out: requests that this service makes to addresses which others have named."""
