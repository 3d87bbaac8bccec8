"""The people of the demo: made up, like their numbers and addresses."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pesan.identity.states import MerchantRole, PlatformRole


@dataclass(frozen=True, slots=True)
class LogIn:
    """What somebody types to look around; `role` is what the welcome says of them.

    `app_key` goes into an authenticator app, which then shows the codes of a second step. Like the password it stands
    here for everybody to read, so it is no protection, and nobody of the demo gets into a production instance.
    """

    role: str
    email: str
    password: str
    app_key: str = ""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works at a merchant (by its slug), or over the whole instance."""

    name: str
    log_in: LogIn
    merchant: str | None = None
    merchant_role: MerchantRole = MerchantRole.STAFF
    platform_role: PlatformRole | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who books."""

    name: str
    wa: str
    email: str | None


_ORGANIZER = MerchantRole.ORGANIZER
TEAM = (
    Colleague(
        "Ratih Kusumawardhani",
        LogIn("super admin", "admin@example.com", "merapi-jam-lima-pagi"),
        platform_role=PlatformRole.SUPER_ADMIN,
    ),
    Colleague(
        "Galih Prasetyo",
        LogIn("organizer", "galih@kopiteduh.example.com", "seduh-pelan-pelan"),
        "kopi-teduh",
        _ORGANIZER,
    ),
    Colleague(
        "Nadia Lubis", LogIn("staff", "nadia@kopiteduh.example.com", "gelas-ketiga-gratis"), "kopi-teduh"
    ),
    Colleague(
        "Andi Tenriawaru",
        LogIn("organizer", "andi@ballacahaya.example.com", "senja-di-losari"),
        "balla-cahaya",
        _ORGANIZER,
    ),
    Colleague(
        "Fauzan Daeng Rani",
        LogIn("staff", "fauzan@ballacahaya.example.com", "kamera-tua-kakek"),
        "balla-cahaya",
    ),
    Colleague(
        "Yosina Wenda",
        LogIn("organizer", "yosina@suarasentani.example.com", "tifa-di-tepi-danau"),
        "suara-sentani",
        _ORGANIZER,
    ),
    Colleague(
        "Markus Kogoya",
        LogIn(
            "staff",
            "markus@suarasentani.example.com",
            "perahu-pulang-sore",
            "DANAUSENTANIDERMAGAKALKOTE234567",
        ),
        "suara-sentani",
    ),
    Colleague(
        "Tina Wijaya",
        LogIn("jastiper", "tina@jastip.example.com", "koper-dua-puluh-kilo"),
        "tina",
        _ORGANIZER,
    ),
)
LOG_INS = [person.log_in for person in TEAM]

_NAMES = """
Ayu Lestari, Bagas Wicaksono, Citra Maharani, Dewi Anggraini, Eko Prasetya, Fitri Handayani, Gilang Ramadhan,
Hana Siregar, Indra Gunawan, Joko Susilo, Kartika Sari, Lukman Hakim, Maya Puspita, Naufal Rizky, Oktavia Putri,
Putu Wirawan, Rizal Fadillah, Sinta Wulandari, Teguh Santoso, Umi Kalsum, Vina Oktaviani, Wahyu Nugroho, Yuliana Tan,
Zaki Mubarak, Andi Makkasau, Besse Nurhaliza, Daeng Tayang, Baso Amirullah, I Gede Suardika, Ni Luh Ketut Ayu,
Made Wiryawan, Ruth Simanjuntak, Togar Hutapea, Debora Nainggolan, Boas Salossa, Frans Rumbiak, Elsye Rumaropen,
Yakoba Mandacan, Agus Yoman, Mince Ohee, Hendrik Deda, Theys Felle, Siti Nurjanah, Asep Budiawan, Euis Kurniasih,
Ujang Permana, Rahmat Hidayat, Melati Kusuma, Bima Aryasatya, Larasati Dewi, Kevin Hartono, Stefani Wijaya,
Michael Gunadi, Farah Azzahra, Ilham Maulana, Nurul Aini, Dian Permatasari, Arief Budiman, Cut Meutia Sari,
Teuku Fahri, Rina Marlina, Yoga Pratama, Anisa Rahma, Dimas Anggoro, Galuh Candrawati, Hafiz Alamsyah, Intan Permata,
Jihan Safitri, Krisna Murti, Luthfi Hanafi, Mega Utami, Nanda Saputra
"""


def buyers(first: int = 0) -> Iterator[Buyer]:
    """Buyers without end from the `first` on, always the same; every second one left an e-mail address."""
    names = [name.strip() for name in _NAMES.replace("\n", " ").split(",")]
    for number in count(first):
        name = names[number % len(names)]
        address = f"{name.lower().replace(' ', '.')}@example.com" if number % 2 == 0 else None
        yield Buyer(name, f"+6281200{100_000 + number}", address)
