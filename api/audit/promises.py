"""What must hold (architecture.md section 8), and how each of it is checked."""

from collections.abc import Mapping

INVARIANTS: Mapping[str, tuple[str, str]] = {
    "INV-1": ("没有登记之外的签章文件", "no sealed file without a record"),
    "INV-2": ("每份登记都有其文件，摘要和签名相符", "every record has its file, digest equal"),
    "INV-3": ("标识不重复，作废标识不再使用", "no identifier twice, burned ones never reused"),
    "INV-4": ("同一幂等键同一证照", "same idempotency key, same certificate"),
    "INV-5": ("状态只按转换表变化", "states only move along the table"),
    "INV-6": ("已应答的吊销一秒内对外可见", "an acknowledged revocation is seen within a second"),
    "INV-7": ("审计记录无缺口、无改动", "the audit history has no gap and no change"),
    "INV-8": ("通知不重不漏，未签发的不通知", "effects announced once, and only what was issued"),
    "INV-9": ("应审核的已由他人审核", "approvals present, requester not among them"),
    "INV-10": ("各单位只接触自己的证照", "no department touches another's certificates"),
    "INV-11": ("个人信息只在加密栏目中", "no personal data outside its columns"),
    "INV-12": ("五分钟后无临时文件、租约遗留", "nothing temporary is left after five minutes"),
    "INV-13": ("先持久提交，后应答", "no answer before the durable commit"),
    "INV-14": ("缺依赖时绝不答“有效”", "a missing dependency never yields valid"),
}

METHODS: Mapping[str, tuple[str, str]] = {
    "INV-1": (
        "逐一列出文件，与登记比对；本机有密钥时，逐次核对签章密钥的签名计数",
        (
            "every object listed and looked for in the record; where the keys are here, every "
            "signature of a seal key, as it was counted, held against the files"
        ),
    ),
    "INV-2": (
        "逐份解密、算摘要、验签章、对栏目",
        "each file decrypted, digested, its seal verified, its columns compared",
    ),
    "INV-3": ("重算校验位，查重复与复用", "check characters recomputed; repeats and reuse sought"),
    "INV-4": ("比对每个幂等键的应答与登记", "each key's kept answer compared with the record"),
    "INV-5": ("按转换表重走每份证照的历史", "each history walked along a table of its own"),
    "INV-6": (
        "比对登记行、状态变化与变更流；“一秒内”由 --probe 对运行中的服务核对，其余由测试保证",
        "rows, steps and feed compared; --probe sees the second itself, and the tests show it",
    ),
    "INV-7": (
        "重算全链、Merkle 根、封签、时间戳，并逐行核对登记",
        "chain, Merkle roots, seals and timestamps recomputed, every row held against the history",
    ),
    "INV-8": (
        "比对通知、变更流与投递；接收方是否去重由其自己决定",
        "events, feed and deliveries compared; what a receiver drops is the receiver's affair",
    ),
    "INV-9": ("按类型定义核对每份的审核人", "approvers held against what the type asks for"),
    "INV-10": (
        "按单位沿革核对每次操作、应答和通知；未留记录的读取由测试保证",
        (
            "acts, answers and deliveries held against successions; reads leave no record and are "
            "shown by the tests"
        ),
    ),
    "INV-11": (
        "解密持证主体后在全部文本栏目、通知、对象名及 --logs 文件中查找",
        "holders opened and sought in all text, events, object names and the files of --logs",
    ),
    "INV-12": (
        "查找超过五分钟的临时文件、租约和数据库事务；子进程由测试保证",
        "files, leases and transactions older than that; children are watched by the tests",
    ),
    "INV-13": (
        "核对数据库持久化设置，以及 --acknowledged 中客户端收到的应答；先后次序由测试保证",
        (
            "settings of the engine, and answers that clients kept (--acknowledged); the order "
            "inside is shown by the tests"
        ),
    ),
    "INV-14": (
        "核对历史上每个“有效”结论当时是否成立；--probe 另问运行中的服务",
        (
            "every valid verdict on record held against the record of that moment; --probe asks "
            "the running service too"
        ),
    ),
}
"""How each is checked, and honestly: what only the test suite can show."""
