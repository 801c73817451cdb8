"""What a node runs on in a test: one folder, or a real PostgreSQL and a real S3 server."""

from pathlib import Path

from storage import S3Options, roles
from storage.migrations import upgrade
from storage.s3_bucket import prepare
from tests.fakes.postgres import PostgresServer
from tests.fakes.seaweedfs import SeaweedServer

LOGINS = {
    "service": roles.APPLICATION,
    "auditor": roles.AUDITOR,
    "public_status": roles.STATUS,
    "signers": roles.SIGNER,
}


class Servers:
    """Both servers, and settings of nodes that use them with least rights."""

    def __init__(self) -> None:
        # The auditor looks: a node is never audited over a database that may forget.
        self.postgres = PostgresServer(durable=True)
        try:
            self.seaweed = SeaweedServer()
        except BaseException:
            self.postgres.stop()
            raise
        for login, group in LOGINS.items():
            self.postgres.login(login, group)
        self._template = self.postgres.database()
        owner = self.postgres.url(self._template)
        upgrade(owner)
        roles.apply(owner)

    def database(self, template: str = "") -> str:
        """A migrated database with its roles, empty or a copy."""
        return self.postgres.database(template or self._template)

    def bucket(self) -> str:
        """A fit bucket."""
        name, owner = self.seaweed.bucket(), self.seaweed.owner
        prepare(S3Options(self.seaweed.endpoint, name, owner.access, owner.secret))
        return name

    def environment(self, folder: Path, database: str, bucket: str) -> dict[str, str]:
        """Settings as an operator writes them, secrets in files of `folder`."""
        login = self.seaweed.application
        secrets = {
            "database-url": self.postgres.url(database, "service"),
            "migration-url": self.postgres.url(database),
            "status-url": self.postgres.url(database, "public_status"),
            "s3-access-key": login.access,
            "s3-secret-key": login.secret,
        }
        folder.mkdir(mode=0o700, parents=True)
        for name, text in secrets.items():
            (folder / name).write_text(f"{text}\n")
        return {
            **{
                f"CERTLIB_{name.upper().replace('-', '_')}_FILE": str(folder / name)
                for name in secrets
            },
            "CERTLIB_OBJECTS": "s3",
            "CERTLIB_S3_ENDPOINT": self.seaweed.endpoint,
            "CERTLIB_S3_BUCKET": bucket,
            "CERTLIB_S3_LOCK": "governance",
            "CERTLIB_S3_LOCK_DAYS": "1",
        }

    def stop(self) -> None:
        self.seaweed.stop()
        self.postgres.stop()
