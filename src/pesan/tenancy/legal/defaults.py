"""The texts that a merchant starts with: plain, fair, and theirs to change."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.tenancy.legal.states import LegalKind

_TERMS_ID = """
Dengan memesan, kamu membuat perjanjian dengan penyelenggara yang namanya ada di halaman ini. Pesan hanya menyediakan
sistem pemesanannya.

## Memesan dan membayar
- Tempatmu ditahan selama waktu yang tertera di halaman bayar. Lewat dari itu, tempatnya kembali dijual.
- Harga yang berlaku adalah total yang tertera saat tempatmu ditahan, termasuk biaya dan pajak yang disebut di sana.
- Transfer persis sebesar jumlah yang diminta, sampai tiga angka terakhir. Dari angka itu pembayaranmu dikenali.
- Bukti bayar diperiksa oleh penyelenggara. Bukti yang tidak sesuai bisa ditolak, dan alasannya kamu terima.

## Tiket
- Tiket terbit setelah pembayaran diterima, dan berlaku untuk satu orang, satu kali masuk, kecuali acara menyebut lain.
- Jangan bagikan gambar kode QR. Siapa yang lebih dulu menunjukkannya, dialah yang masuk.
- Tiket yang dijual lagi di atas harganya boleh dibatalkan oleh penyelenggara.

## Di tempat acara
- Ikuti aturan tempat dan arahan petugas. Yang membahayakan orang lain bisa diminta keluar tanpa pengembalian uang.
- Acara untuk usia tertentu meminta kartu identitas di pintu masuk.
- Untuk anak di bawah 18 tahun, orang tua atau wali yang memesan dan menyetujui syarat ini.

## Perubahan dan tanggung jawab
- Bila waktu, tempat atau isi acara berubah banyak, kamu diberi tahu dan boleh meminta uang kembali.
- Penyelenggara bertanggung jawab atas acaranya, sebatas harga tiketmu, kecuali karena kesengajaan atau kelalaian berat.
- Berlaku hukum Republik Indonesia. Keluhan disampaikan dulu ke kontak di bawah, supaya bisa diselesaikan baik-baik.
"""
_TERMS_EN = """
By booking you make an agreement with the organizer whose name is on this page. Pesan only provides the booking system.

## Booking and paying
- Your place is held for the time shown on the payment page. After that it is for sale again.
- The price is the total shown when your place is held, with the fees and taxes named there.
- Transfer exactly the amount asked for, down to its last three digits. Your payment is recognised by them.
- The organizer checks proofs of payment. One that does not fit may be refused, and you are told why.

## Tickets
- Tickets are issued once the payment is in. Each admits one person once, unless the event says otherwise.
- Do not share the picture of your QR code. Whoever shows it first gets in.
- The organizer may cancel tickets that are sold on above their price.

## At the event
- Follow the venue's rules and the staff. Whoever endangers others may be asked to leave without a refund.
- Events with an age limit ask for an identity card at the door.
- For children under 18 a parent or guardian books and accepts these terms.

## Changes and liability
- When the time, the venue or the programme changes a lot, you are told and may ask for your money back.
- The organizer answers for the event up to the price of your ticket, except for intent or gross negligence.
- The law of the Republic of Indonesia applies. Please bring complaints to the contact below first.
"""
_REFUNDS_ID = """
## Kapan uangmu kembali
- Acara dibatalkan: seluruh harga tiket kembali, tanpa perlu diminta.
- Acara dipindah ke waktu atau tempat lain: kamu boleh memakai tiketnya atau meminta uang kembali sebelum acara mulai.
- Kamu membayar dua kali, atau membayar setelah waktunya lewat dan tempatnya sudah habis: uang itu kembali.

## Kapan tidak
- Kamu berhalangan datang, atau terlambat sehingga tidak bisa masuk.
- Tiket sudah dipakai masuk, atau dijual lagi ke orang lain.

## Caranya
- Tulis ke kontak di bawah dengan kode pesananmu, paling lambat 7 hari setelah tanggal acara.
- Penyelenggara menjawab dalam 3 hari kerja. Setelah disetujui, tiketnya langsung tidak berlaku.
- Uang dikirim lewat jalan yang sama dengan saat dibayar, atau ke rekening atas namamu, dalam 14 hari kerja.
- Biaya layanan ikut kembali bila acaranya batal karena penyelenggara.
"""
_REFUNDS_EN = """
## When your money comes back
- The event is called off: the whole price comes back without your asking.
- The event moves to another time or place: use your ticket, or ask for your money before the event begins.
- You paid twice, or paid after the time was over and no place was left: that money comes back.

## When it does not
- You cannot come, or come so late that you are not admitted.
- The ticket was used to get in, or was sold on to somebody else.

## How
- Write to the contact below with your booking code, at most 7 days after the day of the event.
- The organizer answers within 3 working days. Once it is agreed, the ticket is void at once.
- The money goes back the way it came, or to an account in your name, within 14 working days.
- Service fees come back too when the organizer calls the event off.
"""
_PRIVACY_ID = """
Penyelenggara yang namanya ada di halaman ini menentukan untuk apa datamu dipakai (pengendali data). Pesan mengolahnya
atas nama penyelenggara. Dasarnya Undang-Undang No. 27 Tahun 2022 tentang Pelindungan Data Pribadi.

## Data yang disimpan dan untuk apa
- Nama, nomor WhatsApp dan e-mail: menerbitkan tiket dan mengabari perubahan. Dasarnya perjanjian pemesanan.
- Catatanmu: memenuhi kebutuhan yang kamu tulis sendiri.
- Bukti bayar dan jumlahnya: mencocokkan pembayaran. Catatan keuangan disimpan selama diwajibkan hukum.
- Sidik dari alamat internetmu, bukan alamatnya sendiri: mencegah pemborongan.
- Kabar promosi hanya dikirim bila kamu menyetujuinya sendiri. Persetujuan itu bisa dicabut kapan saja.

## Siapa yang melihatnya
- Tim penyelenggara, sebatas tugasnya, dan setiap pengambilan data tercatat.
- Penyedia pembayaran, pengirim e-mail dan tempat penyimpanan, sebatas yang mereka perlukan.
- Datamu tidak dijual kepada siapa pun.

## Berapa lama
- Gambar bukti bayar dihapus setelah pembayarannya selesai dan masa sanggahnya lewat.
- Nama dan kontak dihapus atau disamarkan ketika tidak lagi diperlukan untuk acaranya. Jumlah uang tetap dicatat.

## Hakmu
- Melihat dan mengunduh datamu, membetulkannya, membatasi atau menghapusnya, dan mencabut persetujuan.
- Pakai halaman “Datamu” di situs ini, atau tulis ke kontak di bawah. Permintaan dijawab dalam 3 × 24 jam.
- Bila datamu bocor, kamu diberi tahu secara tertulis dalam 3 × 24 jam.
"""
_PRIVACY_EN = """
The organizer whose name is on this page decides what your data is used for (the controller). Pesan processes it for
them. The rules are those of Indonesia's Law 27 of 2022 on the protection of personal data.

## What is kept, and why
- Name, WhatsApp number and e-mail: to issue your ticket and tell you of changes. The ground is the booking's agreement.
- Your note: to meet the needs that you wrote down yourself.
- Proof of payment and its amount: to match payments. Financial records are kept as long as the law demands.
- A fingerprint of your internet address, not the address itself: to keep people from hoarding.
- Promotional messages are sent only if you agreed to them yourself. You can take that back at any time.

## Who sees it
- The organizer's team as far as their work needs it, and every export is on record.
- Payment providers, mail senders and storage, as far as they need it.
- Your data is sold to nobody.

## For how long
- Pictures of payments are deleted once the payment is settled and the time to dispute it is over.
- Names and contacts are deleted or made anonymous when the event needs them no more. Amounts stay on record.

## Your rights
- To see and download your data, correct it, limit or erase it, and take consent back.
- Use the page “Your data” of this site, or write to the contact below. Requests are answered within 3 × 24 hours.
- If your data leaks, you are told in writing within 3 × 24 hours.
"""

DEFAULTS: Mapping[LegalKind, Text] = {
    LegalKind.TERMS: Text(id=_TERMS_ID.strip(), en=_TERMS_EN.strip()),
    LegalKind.REFUNDS: Text(id=_REFUNDS_ID.strip(), en=_REFUNDS_EN.strip()),
    LegalKind.PRIVACY: Text(id=_PRIVACY_ID.strip(), en=_PRIVACY_EN.strip()),
}
