// What the screen says, in both languages, so that it says it without a network too. Exports `word(key, values)`,
// `verdictWords(verdict)`, `fill(root)` for elements that name their words, `language()`, `speak(language)`
// and `clock(ms)`.
const ID = {
  title: "Gerbang", inside: "di dalam", left: "keluar", per_minute: "per menit",
  entry: "Masuk", exit: "Keluar", direction: "Arah",
  online: "Tersambung", offline: "Tanpa jaringan: pemindaian tetap jalan", connecting: "Menyambung…",
  shut: "Gerbang ditutup penyelenggara: pemindaian berhenti",
  queued: "{count} menunggu dikirim", clock_off: "Jam ponsel ini meleset {minutes} menit. Setel jam ke otomatis.",
  stale: "Daftar tiket belum diambil. Sambungkan ke internet sekali.",
  camera_on: "Nyalakan kamera", camera_off: "Matikan kamera", torch_on: "Nyalakan senter", torch_off: "Matikan senter",
  camera_idle: "Arahkan kamera ke QR tiket, pakai pemindai, atau ketik kodenya.",
  camera_denied: "Kamera tidak diizinkan. Izinkan di setelan situs, lalu coba lagi.",
  camera_none: "Tidak ada kamera yang bisa dipakai di perangkat ini. Pakai pemindai atau ketik kodenya.",
  type: "Ketik", history: "Riwayat", more: "Lainnya", close: "Tutup", next: "Ketuk untuk lanjut",
  last_none: "Belum ada yang dipindai",
  history_title: "Pindaian terakhir", history_none: "Belum ada pindaian di perangkat ini.",
  manual_title: "Tanpa kamera", manual_code: "Kode tiket", manual_code_hint: "26 huruf dan angka di bawah QR.",
  manual_check: "Periksa kode", manual_name: "Cari nama atau akhir kode", manual_search: "Cari",
  manual_none: "Tidak ada yang cocok.", manual_reason: "Alasan meloloskan tanpa kode",
  manual_reason_hint: "Contoh: ponsel mati, KTP cocok. Penyelenggara bisa membacanya.",
  manual_reason_missing: "Tulis alasannya dulu.",
  pair_title: "Pasangkan perangkat ini", pair_lead: "Minta kode pemasangan dari penyelenggara. Kodenya berlaku 10 menit.",
  pair_code: "Kode pemasangan", pair_code_hint: "8 huruf dan angka, misalnya 7KQ4-M2XD.",
  pair_name: "Nama perangkat", pair_name_hint: "Supaya penyelenggara tahu yang mana, misalnya HP Sari.",
  pair_submit: "Pasangkan", pair_scan: "Pindai QR pemasangan", pair_scan_stop: "Berhenti memindai",
  pair_code_bad: "Kode ini belum lengkap. Isinya 8 huruf dan angka.",
  pair_name_bad: "Beri nama perangkat ini.", pair_no_code: "QR ini bukan QR pemasangan.",
  pair_sign_in: "Masuk dulu sebagai staf acara ini, dengan langkah kedua.", sign_in: "Masuk ke akun",
  pair_factor: "Akunmu belum memakai langkah kedua di sesi ini. Aktifkan, lalu masuk lagi.", factor: "Buka langkah kedua",
  pair_offline: "Memasangkan perlu internet. Periksa sambungan, lalu coba lagi.",
  pair_old: "Peramban ini terlalu lama untuk menyimpan kunci. Perbarui peramban, lalu coba lagi.",
  revoked: "Izin perangkat ini sudah dicabut. Data acara di sini sudah dihapus. Minta kode baru untuk memakainya lagi.",
  menu_title: "Perangkat ini", menu_device: "Nama", menu_gate: "Gerbang", menu_event: "Acara", menu_synced: "Daftar tiket",
  menu_queue: "Menunggu dikirim", menu_version: "Versi", menu_install: "Pasang sebagai aplikasi",
  menu_sound: "Suara dan getar", menu_language: "Bahasa", menu_unpair: "Lepas perangkat ini",
  unpair_sure: "Semua data acara di perangkat ini akan dihapus.",
  unpair_queue: "{count} pindaian belum terkirim dan akan hilang.", unpair_yes: "Ya, lepas dan hapus", cancel: "Batal",
  tickets: "{count} tiket, diambil {time}", none: "belum ada", first_entry: "Masuk pertama",
  judged_offline: "Diperiksa tanpa jaringan", checking: "Memeriksa…",
  conflict: "Konflik", conflict_told: "Tiket yang lolos di sini juga masuk di tempat lain. Penyelenggara sudah diberi tahu.",
  kept: "{count} pindaian belum terkirim dan tersimpan aman di ponsel ini. Pasangkan lagi untuk acara yang sama supaya terkirim.",
  elsewhere: "{count} pindaian acara lain menunggu. Pasangkan untuk acara itu supaya terkirim.",
  unsent: "Tidak terkirim", unsent_count: "{count} pindaian ditolak server. Lihat Riwayat, lalu beri tahu penyelenggara.",
  unsent_title: "Ditolak server", unsent_lead: "Pindaian ini tidak bisa dikirim. Beri tahu penyelenggara siapa saja.",
  list_over: "Daftar tiket di sini tidak diperbarui lagi: yang memasangkan ponsel ini bukan tim acara lagi, atau acaranya sudah lewat. Minta dipasangkan lagi.",
  taken_otherwise: "Server mencatat pindaian lain sebagai gantinya.",
  unsent_retry: "Coba kirim lagi", trouble: "Belum bisa tersambung: {why}",
  pair_again: "Perangkat ini masih dipasangkan untuk {event}. Lepas dulu untuk memakai kode baru.",
  seat: "Kursi", number: "No.", scan_area: "Kamera", actions: "Tindakan",
};
const EN = {
  title: "Gate", inside: "inside", left: "left", per_minute: "per minute",
  entry: "Entry", exit: "Exit", direction: "Direction",
  online: "Connected", offline: "No network: scanning goes on", connecting: "Connecting…",
  shut: "The organizer closed this gate: scanning stopped",
  queued: "{count} waiting to be sent", clock_off: "This phone's clock is {minutes} minutes off. Set it to automatic.",
  stale: "The list of tickets is not here yet. Connect to the internet once.",
  camera_on: "Turn camera on", camera_off: "Turn camera off", torch_on: "Turn light on", torch_off: "Turn light off",
  camera_idle: "Point the camera at a ticket's QR, use a scanner, or type the code.",
  camera_denied: "The camera is not allowed. Allow it in the site's settings, then try again.",
  camera_none: "This device has no camera that can be used. Use a scanner or type the code.",
  type: "Type", history: "History", more: "More", close: "Close", next: "Tap to go on",
  last_none: "Nothing scanned yet",
  history_title: "Last scans", history_none: "No scans on this device yet.",
  manual_title: "Without the camera", manual_code: "Ticket code", manual_code_hint: "26 letters and digits below the QR.",
  manual_check: "Check code", manual_name: "Search a name or the end of a code", manual_search: "Search",
  manual_none: "Nothing matches.", manual_reason: "Why somebody passes without a code",
  manual_reason_hint: "For example: phone is dead, ID matches. The organizer can read it.",
  manual_reason_missing: "Write the reason first.",
  pair_title: "Pair this device", pair_lead: "Ask the organizer for a pairing code. It is good for 10 minutes.",
  pair_code: "Pairing code", pair_code_hint: "8 letters and digits, for example 7KQ4-M2XD.",
  pair_name: "Name of the device", pair_name_hint: "So that the organizer knows which one it is, for example Sari's phone.",
  pair_submit: "Pair", pair_scan: "Scan pairing QR", pair_scan_stop: "Stop scanning",
  pair_code_bad: "This code is not complete. It has 8 letters and digits.",
  pair_name_bad: "Give this device a name.", pair_no_code: "This QR is not for pairing.",
  pair_sign_in: "Sign in as staff of this event first, with a second step.", sign_in: "Sign in",
  pair_factor: "Your account has no second step in this session. Turn it on, then sign in again.", factor: "Open second step",
  pair_offline: "Pairing needs the internet. Check the connection, then try again.",
  pair_old: "This browser is too old to keep a key. Update it, then try again.",
  revoked: "This device's permission was withdrawn. The event's data here is deleted. Ask for a new code to use it again.",
  menu_title: "This device", menu_device: "Name", menu_gate: "Gate", menu_event: "Event", menu_synced: "List of tickets",
  menu_queue: "Waiting to be sent", menu_version: "Version", menu_install: "Install as an app",
  menu_sound: "Sound and vibration", menu_language: "Language", menu_unpair: "Unpair this device",
  unpair_sure: "All of the event's data on this device will be deleted.",
  unpair_queue: "{count} scans were not sent yet and will be lost.", unpair_yes: "Yes, unpair and delete", cancel: "Cancel",
  tickets: "{count} tickets, taken {time}", none: "none yet", first_entry: "First entry",
  judged_offline: "Checked without a network", checking: "Checking…",
  conflict: "Conflict", conflict_told: "A ticket that passed here came in elsewhere too. The organizer was told.",
  kept: "{count} scans were not sent yet and are safe on this phone. Pair it again for the same event to send them.",
  elsewhere: "{count} scans of another event wait. Pair for that event to send them.",
  unsent: "Not sent", unsent_count: "The server refused {count} scans. Look at History, then tell the organizer.",
  unsent_title: "Refused by the server", unsent_lead: "These scans cannot be sent. Tell the organizer who they are.",
  list_over: "The list of tickets here is not renewed any more: whoever paired this phone left the team, or the event is over. Ask to have it paired again.",
  taken_otherwise: "The server has another scan in its place.",
  unsent_retry: "Try to send again", trouble: "Cannot connect: {why}",
  pair_again: "This device is still paired for {event}. Unpair it first to use the new code.",
  seat: "Seat", number: "No.", scan_area: "Camera", actions: "Actions",
};
// A reason as the word that fills the screen, and what to do about it.
const VERDICTS = {
  id: {
    good: ["Silakan masuk", ""], left: ["Silakan keluar", ""],
    static: ["Periksa dulu", "Kode cetak atau gambar. Cocokkan nama dengan identitasnya, lalu persilakan masuk."],
    unlisted: ["Periksa dulu", "Belum ada di daftar ponsel ini: baru dibeli, atau untuk acara lain. Cocokkan acara dan tanggal di tiketnya, lalu persilakan masuk."],
    unreadable: ["Bukan tiket", "Kode ini bukan tiket. Minta buka QR tiketnya."],
    forged: ["Tiket palsu", "Tanda tangannya tidak sah. Jangan masuk, panggil pengawas."],
    unknown: ["Tidak dikenal", "Tidak ada tiket dengan kode ini."],
    other_event: ["Acara lain", "Tiket ini untuk acara lain. Minta tiket yang benar."],
    event_cancelled: ["Acara batal", "Acara ini dibatalkan."],
    voided: ["Tiket batal", "Tiket ini sudah dibatalkan. Arahkan ke meja bantuan."],
    superseded: ["Tiket diganti", "Tiket ini sudah diganti atau dialihkan. Minta tiket terbarunya."],
    not_open: ["Belum dibuka", "Gerbang belum dibuka. Minta menunggu."],
    closed: ["Sudah ditutup", "Waktu masuk sudah lewat."],
    slice_over: ["Kode basi", "Ini tangkapan layar atau kode lama. Minta buka tiketnya lagi."],
    static_refused: ["Kode diam", "Acara ini hanya menerima kode yang berganti. Minta buka tiket di ponsel."],
    already_in: ["Sudah masuk", "Tiket ini sudah dipakai masuk."],
    already_used: ["Sudah dipakai", "Tiket ini sudah dipakai dan tidak bisa masuk lagi."],
    not_in: ["Belum masuk", "Pemegang tiket ini tidak tercatat di dalam."],
    no_bundle: ["Belum bisa diperiksa", "Daftar tiket belum ada di ponsel ini. Cari sinyal, lalu coba lagi."],
    no_network: ["Perlu jaringan", "Tiket ini hanya bisa diperiksa dengan jaringan. Cari sinyal, lalu coba lagi."],
    gate_shut: ["Gerbang ditutup", "Penyelenggara menutup gerbang ini. Arahkan ke gerbang lain, atau tunggu sampai dibuka lagi."],
    failed: ["Belum bisa diperiksa", "Ada yang tidak beres di perangkat ini. Coba lagi."],
  },
  en: {
    good: ["Go in", ""], left: ["Go out", ""],
    static: ["Check first", "A print or a picture. Match the name with their ID, then let them in."],
    unlisted: ["Check first", "Not on this phone's list yet: just bought, or for another event. Match the event and date on the ticket, then let them in."],
    unreadable: ["No ticket", "This code is not a ticket. Ask for the ticket's QR."],
    forged: ["Forged", "Its signature does not hold. Do not admit, call a supervisor."],
    unknown: ["Unknown", "No ticket has this code."],
    other_event: ["Other event", "This ticket is for another event. Ask for the right one."],
    event_cancelled: ["Cancelled", "This event was cancelled."],
    voided: ["Void", "This ticket was cancelled. Send them to the help desk."],
    superseded: ["Replaced", "This ticket was replaced or handed on. Ask for the newest one."],
    not_open: ["Not yet", "The gate is not open yet. Ask them to wait."],
    closed: ["Too late", "Entry is over."],
    slice_over: ["Old code", "A screenshot or an old code. Ask them to open the ticket again."],
    static_refused: ["Still code", "This event takes only codes that change. Ask them to open the ticket on their phone."],
    already_in: ["Already in", "Somebody came in on this ticket."],
    already_used: ["Already used", "This ticket was used and does not come in again."],
    not_in: ["Not inside", "Nobody is inside on this ticket."],
    no_bundle: ["Cannot check", "The list of tickets is not on this phone. Find a signal, then try again."],
    no_network: ["Needs network", "This ticket can be checked with a network only. Find a signal, then try again."],
    gate_shut: ["Gate closed", "The organizer closed this gate. Send them to another one, or wait until it is open again."],
    failed: ["Cannot check", "Something went wrong on this device. Try again."],
  },
};
const WORDS = { id: ID, en: EN };
const KEY = "pesan-gate-language";

let spoken = null;

export function language() {
  if (spoken === null) {
    const chosen = localStorage.getItem(KEY) ?? document.documentElement.lang;
    spoken = chosen in WORDS ? chosen : "id";
  }
  return spoken;
}

export function speak(chosen) {
  localStorage.setItem(KEY, chosen);
  spoken = chosen;
  fill();
}

export function word(key, values = {}) {
  const text = WORDS[language()][key] ?? key;
  return text.replace(/{(\w+)}/g, (_, name) => values[name] ?? "");
}

export function verdictWords({ reason, isWarning, isListed = true, direction }) {
  const words = VERDICTS[language()];
  if (reason === "good" && isWarning) return isListed ? words.static : words.unlisted;
  return words[reason === "good" && direction === "exit" ? "left" : reason] ?? words.unknown;
}

// By hand, because a slow phone takes a tenth of a second until its formatter knows a language.
export function clock(ms) {
  const time = new Date(ms);
  const [hour, minute] = [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0"));
  return `${hour}${language() === "en" ? ":" : "."}${minute}`;
}

export function fill(root = document) {
  document.documentElement.lang = language();
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}
