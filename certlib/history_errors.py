"""What stands against the history on record."""

from certlib.errors import Corrupt


class HistoryRolledBack(Corrupt):
    """The object store keeps sealed batches of the history that the database does not have so."""

    code = "history-rolled-back"
    zh = "数据库中的审计历史与对象存储中留存的封签不一致，已停止封签，请联系管理员（{what}）。"
    en = "The history on record is not the one whose seals are kept: call the operator ({what})."
