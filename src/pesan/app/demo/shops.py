"""The merchants of the demo and their events, in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from PIL import Image

from pesan.app.demo import covers, logos
from pesan.app.demo.evenings import LAKE_NIGHT, Evening
from pesan.app.demo.stalls import FESTIVAL, Stalls
from pesan.app.demo.tales import Ending, Tale

# A made-up merchant's static QRIS of a made-up acquirer; each merchant of the demo gets one like it.
QRIS_EXAMPLE = (
    "00020101021126730021ID.CO.CONTOHBAYAR.WWW011893600999001234567802150000123456789010303UMI51440014ID.CO.QRIS.WWW"
    "0215ID10999000000010303UMI5204581253033605802ID5916KOPI CONTOH JAYA6015JAKARTA SELATAN61051219063047292"
)
QRIS_EXAMPLE_NMID = "ID1099900000001"
Painter = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class Show:
    """An event: `in_days` from now at `hour` o'clock of the merchant, for `hours`."""

    title: str
    summary: str
    description: str
    venue: str
    address: str
    city: str
    in_days: int
    hour: int
    hours: int
    price: int
    capacity: int
    cover: Painter
    tale: Tale = field(default_factory=Tale)
    max_per_order: int = 4
    hold_ratio: Decimal = Decimal("0.30")
    hold_minutes: int = 15
    opens_in_days: int | None = None
    certificate: bool = False
    stalls: Stalls | None = None
    evening: Evening | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant with its brand, its accounts and its events; account numbers begin with zeros, as none does."""

    slug: str
    name: str
    accent: str
    zone: str
    email: str
    wa: str
    logo: Painter
    accounts: Sequence[tuple[str, str, str]]
    qris_name: str
    qris_city: str
    qris_nmid: str
    shows: Sequence[Show]
    has_booths: bool = False


KOPI_TEDUH = Shop(
    slug="kopi-teduh",
    name="Sekolah Kopi Teduh",
    accent="#8a3b12",
    zone="Asia/Jakarta",
    email="halo@kopiteduh.example.com",
    wa="+6281200000001",
    logo=logos.cup,
    accounts=[
        ("BCA", "0001002003", "CONTOH SEKOLAH KOPI TEDUH"),
        ("Mandiri", "0004005006007", "CONTOH SEKOLAH KOPI TEDUH"),
    ],
    qris_name="KOPI CONTOH TEDUH",
    qris_city="JAKARTA SELATAN",
    qris_nmid="ID1099900000001",
    has_booths=True,
    shows=[
        Show(
            "Kelas Seduh Manual: V60 dan Kalita",
            "Tiga jam menyeduh sendiri, dari giling sampai gelas kelima.",
            "Kita mulai dari air dan gilingan, lalu menyeduh lima resep berdampingan supaya lidahmu tahu bedanya.\n\n"
            "Semua alat dan biji sudah disiapkan. Pulangnya kamu membawa 100 gram biji pilihan dan catatan resep"
            " kelas. Cocok untuk pemula; yang sudah biasa menyeduh pun biasanya menemukan satu hal baru.",
            "Sekolah Kopi Teduh",
            "Jl. Kemang Timur 17",
            "Jakarta Selatan",
            in_days=4,
            hour=13,
            hours=3,
            price=185_000,
            capacity=24,
            cover=covers.pour_over,
            tale=Tale(
                counter=(2,), approved=(1, 2, 1), waiting=(1, 2, 1), copied=(1,), held=(1, 2), rejected=(1,)
            ),
            certificate=True,
        ),
        Show(
            "Latte Art untuk Pemula",
            "Hati, tulip, rosetta. Susu dan kopi tidak dibatasi.",
            "Satu pelatih untuk empat peserta, mesin espreso dua grup, dan susu yang tidak habis-habis. Kelas kecil"
            " supaya setiap tuanganmu sempat dilihat.\n\nPakai baju yang boleh kena cipratan.",
            "Sekolah Kopi Teduh",
            "Jl. Kemang Timur 17",
            "Jakarta Selatan",
            in_days=15,
            hour=9,
            hours=4,
            price=275_000,
            capacity=16,
            cover=covers.latte_art,
            tale=Tale(counter=(2, 2), approved=(2, 1, 2, 1), waiting=(2, 1), cancelled=(1,)),
        ),
        Show(
            "Cupping Pagi: Gayo, Toraja, Kintamani",
            "Mencicip sembilan kopi Nusantara. Gratis, cukup pesan tempat.",
            "Setiap Sabtu pertama kami membuka meja cupping untuk siapa saja. Bawa rasa ingin tahu; sendok kami"
            " sediakan. Tidak ada yang dijual pagi itu.",
            "Teras Kopi Teduh",
            "Jl. Kemang Timur 17",
            "Jakarta Selatan",
            in_days=13,
            hour=8,
            hours=2,
            price=0,
            capacity=30,
            cover=covers.cupping,
            tale=Tale(free=(1, 2, 1, 1, 2, 1)),
            max_per_order=2,
        ),
        Show(
            "Sangrai di Dapur Sendiri",
            "Menyangrai dengan wajan, lalu mesin satu kilo. Tempat sudah habis.",
            "Dari biji hijau sampai retakan kedua, dengan hidung sebagai pengukur waktu.",
            "Gudang Sangrai Teduh",
            "Jl. Bangka Raya 41",
            "Jakarta Selatan",
            in_days=18,
            hour=10,
            hours=5,
            price=350_000,
            capacity=12,
            cover=covers.roasting,
            tale=Tale(counter=(2, 1), approved=(2, 1, 2, 2), waiting=(1, 1)),
            certificate=True,
        ),
    ],
)

BALLA_CAHAYA = Shop(
    slug="balla-cahaya",
    name="Balla Cahaya",
    accent="#0b5d66",
    zone="Asia/Makassar",
    email="studio@ballacahaya.example.com",
    wa="+6281200000002",
    logo=logos.window,
    accounts=[("BRI", "000100200300400", "CONTOH STUDIO BALLA CAHAYA")],
    qris_name="STUDIO CONTOH CAHAYA",
    qris_city="MAKASSAR",
    qris_nmid="ID1099900000002",
    shows=[
        Show(
            "Foto Keluarga Senja di Losari",
            "Sepuluh menit di depan kamera, selamanya di dinding.",
            "Satu tempat untuk satu keluarga, sampai delapan orang. Kami memotret tepat saat matahari turun; tiga foto"
            " cetak bisa dibawa pulang malam itu juga.",
            "Anjungan Pantai Losari",
            "Jl. Penghibur",
            "Makassar",
            in_days=7,
            hour=17,
            hours=2,
            price=175_000,
            capacity=20,
            cover=covers.losari,
            tale=Tale(approved=(1, 1), waiting=(1,), fills_queue=True),
            max_per_order=1,
            hold_ratio=Decimal("0.20"),
            hold_minutes=60,
        ),
        Show(
            "Potret dengan Cahaya Jendela",
            "Satu jendela, satu kain putih, satu wajah.",
            "Lokakarya potret tanpa lampu. Bawa kamera apa saja, telepon pun boleh.\n\nPenjualan dibuka sebentar lagi;"
            " simpan tanggalnya.",
            "Balla Cahaya",
            "Jl. Somba Opu 88",
            "Makassar",
            in_days=28,
            hour=9,
            hours=4,
            price=220_000,
            capacity=18,
            cover=covers.window_light,
            opens_in_days=3,
            certificate=True,
        ),
        Show(
            "Jalan Foto Benteng Rotterdam",
            "Pagi di antara tembok abad ketujuh belas.",
            "Kami berjalan pelan dari gerbang barat, berhenti di setiap bayangan yang bagus, dan selesai dengan kopi"
            " di halaman dalam.",
            "Benteng Rotterdam",
            "Jl. Ujung Pandang 1",
            "Makassar",
            in_days=-6,
            hour=6,
            hours=3,
            price=60_000,
            capacity=15,
            cover=covers.fort,
            tale=Tale(counter=(2, 1), approved=(1, 2, 1, 1)),
        ),
        Show(
            "Pasar Cetak: Foto, Zine, dan Risograf",
            "Meja terakhir sudah terisi; daftar ditutup.",
            "Empat puluh meja untuk siapa pun yang mencetak sendiri. Pengunjung masuk gratis; pemesanan ini untuk"
            " meja.",
            "Gedung Kesenian Sulawesi Selatan",
            "Jl. Riburane 15",
            "Makassar",
            in_days=20,
            hour=10,
            hours=9,
            price=125_000,
            capacity=40,
            cover=covers.prints,
            tale=Tale(
                counter=(2,),
                approved=(1, 1),
                rejected=(1,),
                cancelled=(1,),
                held=(1, 1),
                ending=Ending.CLOSED,
            ),
            # What is still held when the sale closes runs out while somebody looks at it.
            hold_minutes=1,
        ),
    ],
)

SUARA_SENTANI = Shop(
    slug="suara-sentani",
    name="Kolektif Suara Sentani",
    accent="#5a2a83",
    zone="Asia/Jayapura",
    email="halo@suarasentani.example.com",
    wa="+6281200000003",
    logo=logos.waves,
    accounts=[
        ("BNI", "0001112223", "CONTOH KOLEKTIF SUARA SENTANI"),
        ("BSI", "0007778889", "CONTOH KOLEKTIF SUARA SENTANI"),
    ],
    qris_name="SUARA CONTOH SENTANI",
    qris_city="JAYAPURA",
    qris_nmid="ID1099900000003",
    shows=[
        Show(
            "Malam Akustik Tepi Danau",
            "Lima penampil, satu panggung apung, dan danau yang tenang.",
            "Pintu dibuka pukul enam sore. Perahu penyeberang berangkat dari dermaga Khalkhote setiap lima belas menit"
            " dan sudah termasuk dalam tiket.\n\nBawa jaket; angin danau turun setelah pukul delapan.",
            "Panggung Apung Khalkhote",
            "Dermaga Khalkhote, Sentani Timur",
            "Jayapura",
            in_days=14,
            hour=19,
            hours=4,
            price=120_000,
            capacity=150,
            cover=covers.lake_night,
            tale=Tale(
                counter=(4, 2),
                approved=(2, 4, 1, 3),
                waiting=(2, 1, 4),
                held=(2, 1, 3),
                rejected=(2,),
                cancelled=(1,),
            ),
            evening=LAKE_NIGHT,
        ),
        Show(
            "Lokakarya Tifa: Membuat dan Memukul",
            "Dari kayu linggua sampai irama pertama.",
            "Dua hari bersama pengukir dari Asei. Setiap peserta pulang membawa tifa kecil buatannya sendiri.",
            "Rumah Belajar Asei",
            "Pulau Asei, Sentani Timur",
            "Jayapura",
            in_days=22,
            hour=9,
            hours=8,
            price=450_000,
            capacity=12,
            cover=covers.tifa,
            tale=Tale(approved=(1, 2), waiting=(1,)),
            max_per_order=2,
            certificate=True,
        ),
        Show(
            "Panggung Bunyi Timur",
            "Dibatalkan karena jalan ke lokasi ditutup; uang kembali penuh.",
            "Kami menjadwalkan ulang setelah perbaikan jalan selesai. Pemesan dihubungi satu per satu.",
            "Lapangan Theys",
            "Jl. Raya Sentani",
            "Jayapura",
            in_days=11,
            hour=16,
            hours=6,
            price=90_000,
            capacity=300,
            cover=covers.big_stage,
            tale=Tale(approved=(2, 2), ending=Ending.CANCELLED),
        ),
        Show(
            "Festival Suara Danau",
            "Tiga hari, dua belas kampung, satu danau yang bernyanyi.",
            "Yospan, isosolo di atas perahu, pasar sagu, dan musik sampai malam. Satu tiket untuk tiga hari.",
            "Pantai Kalkote",
            "Sentani Timur",
            "Jayapura",
            in_days=58,
            hour=15,
            hours=56,
            price=275_000,
            capacity=800,
            cover=covers.festival,
            tale=Tale(approved=(4, 2), waiting=(3,)),
            max_per_order=6,
            stalls=FESTIVAL,
        ),
    ],
)

SHOPS = (KOPI_TEDUH, BALLA_CAHAYA, SUARA_SENTANI)
