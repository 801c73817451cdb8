"""A ceremony as it is declared."""

FILE = """
format = 1
owner = "揭阳市电子证照库"
public_url = "https://zz.example"
held_at = 2026-03-02T09:00:00+08:00
place = "市民服务中心302室"
persons = ["zhang", "李四", "wang"]
crl_days = 30

[keys.root]
algorithm = "ecdsa-p256-sha256"
role = "信任根"
days = 7300

[keys.issuing]
algorithm = "ecdsa-p256-sha256"
role = "电子印章签发机构"
days = 5475

[keys.timestamp]
algorithm = "ecdsa-p256-sha256"
role = "时间戳机构"
days = 3650

[keys.history]
algorithm = "ecdsa-p256-sha256"
role = "审计历史封签"
days = 1825
"""
