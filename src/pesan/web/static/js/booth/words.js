// What the screen says, in both languages, so that it says it without a network too. Exports `word(key, values)`,
// `fill(root)` for elements that name their words, `language()`, `speak(language)`, `clock(ms, zone)`.
const KEY = "pesan-booth-language";
const WORDS = {
  id: {
    title: "Layar booth", language: "Bahasa", scan_area: "Kamera",
    online: "Tersambung", offline: "Tanpa jaringan: hitungan tetap jalan", waiting: "{count} laporan menunggu",
    pair_title: "Pasangkan layar ini", pair_lead: "Minta kode pemasangan dari petugas. Kodenya berlaku 10 menit.",
    pair_code: "Kode pemasangan", pair_code_hint: "8 huruf dan angka, misalnya 7KQ4-M2XD.", pair_name: "Nama layar",
    pair_submit: "Pasangkan", pair_code_bad: "Kode ini belum lengkap. Isinya 8 huruf dan angka.", pair_name_bad: "Beri nama layar ini.",
    pair_offline: "Memasangkan perlu internet. Periksa sambungan, lalu coba lagi.",
    pair_old: "Peramban ini terlalu lama untuk menyimpan kunci. Perbarui peramban, lalu coba lagi.",
    idle_title: "Selamat datang", idle_lead: "Tunjukkan QR pesananmu, atau ketik kodenya.",
    camera_on: "Pindai QR", camera_off: "Matikan kamera",
    camera_denied: "Kamera tidak diizinkan. Izinkan di setelan situs, lalu coba lagi.",
    camera_none: "Tidak ada kamera yang bisa dipakai di sini. Ketik kodenya.",
    arrival: "Kedatangan", arrival_lead: "Giliran berikutnya? Tunjukkan QR, atau ketik kode.",
    code: "Kode pesanan", code_send: "Datang", code_bad: "Ini bukan kode pesanan. Kodenya 13 huruf dan angka.",
    next: "Berikutnya: {customer}, {time}", arrived_wait: "Kedatangan {customer} tercatat. Tunggu giliran, ya.",
    ready_title: "Halo, {customer}", ready_lead: "Sesi {minutes} menit. Tekan Mulai kalau sudah siap.", start: "Mulai",
    running_title: "Sesi {customer}", finish: "Akhiri sesi", sure_title: "Akhiri sesi sekarang?",
    sure_lead: "Sisa waktunya tidak bisa dipakai lagi.", sure_yes: "Ya, akhiri", sure_no: "Lanjutkan",
    minutes_left: "{count} menit lagi", done_title: "Sesi selesai", done_lead: "Terima kasih! Silakan ambil barangmu.",
    late: "Sesi ini hangus karena lewat batas waktu datang. Hubungi petugas.",
    scan_offline: "Memeriksa pesanan perlu internet. Panggil petugas.", failed: "Belum berhasil. Coba lagi, atau panggil petugas.",
  },
  en: {
    title: "Booth screen", language: "Language", scan_area: "Camera",
    online: "Connected", offline: "No network: counting goes on", waiting: "{count} reports waiting",
    pair_title: "Pair this screen", pair_lead: "Ask the staff for a pairing code. It is good for 10 minutes.",
    pair_code: "Pairing code", pair_code_hint: "8 letters and digits, for example 7KQ4-M2XD.", pair_name: "Name of the screen",
    pair_submit: "Pair", pair_code_bad: "This code is not complete. It has 8 letters and digits.", pair_name_bad: "Give this screen a name.",
    pair_offline: "Pairing needs the internet. Check the connection, then try again.",
    pair_old: "This browser is too old to keep a key. Update it, then try again.",
    idle_title: "Welcome", idle_lead: "Show the QR of your booking, or type its code.",
    camera_on: "Scan QR", camera_off: "Turn camera off",
    camera_denied: "The camera is not allowed. Allow it in the site's settings, then try again.",
    camera_none: "There is no camera that can be used here. Type the code.",
    arrival: "Arrival", arrival_lead: "Next in line? Show your QR, or type your code.",
    code: "Booking code", code_send: "Arrive", code_bad: "This is not a booking code. It has 13 letters and digits.",
    next: "Next: {customer}, {time}", arrived_wait: "{customer} has arrived. Please wait for your turn.",
    ready_title: "Hello, {customer}", ready_lead: "A session of {minutes} minutes. Press Start when you are ready.", start: "Start",
    running_title: "Session of {customer}", finish: "End session", sure_title: "End the session now?",
    sure_lead: "The time that is left cannot be used any more.", sure_yes: "Yes, end it", sure_no: "Go on",
    minutes_left: "{count} minutes left", done_title: "Session over", done_lead: "Thank you! Please take your things.",
    late: "This session has expired, because its time to arrive is over. Please ask the staff.",
    scan_offline: "Checking a booking needs the internet. Please call the staff.", failed: "That did not work. Try again, or call the staff.",
  },
};
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

export function fill(root = document) {
  document.documentElement.lang = language();
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}

// In the outlet's zone, whatever the tablet believes.
export function clock(ms, timeZone) {
  const shown = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(ms);
  return language() === "en" ? shown : shown.replace(":", ".");
}
