// What a gate says about what it was shown: `gates/verdict.py` again, for a gate without a network. Both pass the same
// vectors; whoever changes one changes the other. Exports `judge(shown, rules, standing, direction, atMs) ->
// { result, reason, isWarning }` and `RESULTS`, the result of each reason. `shown` is what `code.js` reads, `rules`
// are those of the bundle, `standing` is `{ cycle, isInside }`, `direction` is "entry" or "exit", and `atMs` is the
// corrected time.

export const RESULTS = Object.freeze({
  good: "ok",
  unreadable: "invalid",
  forged: "invalid",
  unknown: "invalid",
  other_event: "wrong_event",
  event_cancelled: "void",
  voided: "void",
  superseded: "void",
  not_open: "not_yet",
  closed: "too_late",
  slice_over: "invalid",
  static_refused: "invalid",
  already_in: "duplicate",
  already_used: "duplicate",
  not_in: "duplicate",
});

export function judge(shown, rules, standing, direction, atMs) {
  const refused = refusalOf(shown, rules, standing, direction, atMs);
  const reason = refused ?? "good";
  const isDoubtful = !shown.isLive && rules.static_codes === "warn";
  return { result: RESULTS[reason], reason, isWarning: !refused && (isDoubtful || !shown.isListed) };
}

function refusalOf(shown, rules, standing, direction, atMs) {
  const isEntry = direction === "entry";
  const checks = [
    [!shown.isReadable, "unreadable"],
    [!shown.isOurs, "forged"],
    [!shown.isKnown, "other_event"],
    [shown.isEventCancelled, "event_cancelled"],
    [shown.isVoid, "voided"],
    [shown.isSuperseded, "superseded"],
    ...historyOf(standing, rules.reentry, isEntry),
    // Whoever is inside may leave at any time.
    [isEntry && atMs < Date.parse(rules.opens_at), "not_open"],
    [isEntry && atMs >= Date.parse(rules.closes_at), "closed"],
    [shown.isStale, "slice_over"],
    [!shown.isLive && rules.static_codes === "refuse", "static_refused"],
  ];
  return checks.find(([applies]) => applies)?.[1];
}

function historyOf({ cycle, isInside }, reentry, isEntry) {
  if (!isEntry) return [[!isInside, "not_in"]];
  return [[isInside, "already_in"], [cycle > 0 && reentry === "none", "already_used"]];
}
