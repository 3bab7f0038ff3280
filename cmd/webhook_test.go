package cmd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
)

func TestWebhooksAreListedWithWhatIsInTheWay(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	text := says(t, dir, "webhook list", exitOK)
	const want = `id                                    url                                events                                  for           state    behind  failing since         delivered at          next try
01010000-0000-7000-8000-000000000000  https://screens.example.com/hooks  inventory.updated, inventory.low_stock  Menu screens  idle          0                        1970-01-01T00:00:02Z
01020000-0000-7000-8000-000000000000  http://192.168.1.40/label          all                                                   waiting     318  1970-01-01T00:00:03Z  1970-01-01T00:00:02Z
02010000-0000-7000-8000-000000000000  https://chain.example.com/         inventory.updated, inventory.low_stock  Menu screens  off           0                        1970-01-01T00:00:02Z

http://192.168.1.40/label: It did not answer in time. (timed_out)
  It is slow or busy. A receiver should answer first and work afterwards.
`
	if text != want {
		t.Errorf("it says\n%s\nnot\n%s", text, want)
	}
	says(t, dir, "webhook list -o json", exitOK, `"waiting": 318`, `"code": "timed_out"`, `"lan": true`)
	f.list = f.list[:1]
	f.list[0].DisabledAt, f.list[0].DisabledWhy = 1, store.WebhookGone
	says(t, dir, "webhook list", exitOK, "  disabled  ", "said that it is gone for good. (gone)\n  It is told nothing any more.")
	f.list[0].DisabledWhy = store.WebhookFailing
	says(t, dir, "webhook list", exitOK, "took nothing for 30 days. (failing)\n  It is told nothing any more.")
	f.list = nil
	says(t, dir, "webhook list", exitOK, "There is no webhook. To add one: shelfd webhook add URL\n")
	says(t, dir, "webhook test 01", exitNotFound, `there is no webhook "01"`)
}

func TestAWebhooksSecretIsWrittenAlone(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	code, stdout, stderr := call(t, dir, "webhook", "add", "http://192.168.1.41/label", "--lan", "--events", "transfer.completed,inventory.updated",
		"--description", "Labels", "--location", f.app.ledger.Locations()[0].Name, "--legacy-header", "X-Hub-Signature-256")
	if code != exitOK || stdout != "whsec_new\n" || !strings.Contains(stderr, "Webhook 09000000-0000-7000-8000-000000000000 (http://192.168.1.41/label). Keep the secret") {
		t.Errorf("add ends with %d: %s%s", code, stdout, stderr)
	}
	made := f.list[len(f.list)-1].Webhook
	if got := fmt.Sprintln(made.Events, made.Description, made.LAN, made.Location == f.app.ledger.Locations()[0].ID, made.LegacyHeader, made.Active); got !=
		"[transfer.completed inventory.updated] Labels true true X-Hub-Signature-256 true\n" {
		t.Errorf("it made %s", got)
	}
	if code, stdout, stderr = call(t, dir, "webhook", "rotate", "0101"); code != exitOK || stdout != "whsec_turned\n" ||
		!strings.Contains(stderr, "Until 2026-01-28T00:00:00Z the secret before signs as well.") {
		t.Errorf("rotate ends with %d: %s%s", code, stdout, stderr)
	}
	says(t, dir, "webhook rotate 0102 -o json", exitOK, `"secret": "whsec_turned"`, `"url": "http://192.168.1.40/label"`)
	says(t, dir, "webhook add https://x.example.com -o json", exitOK, `"secret": "whsec_new"`, `"events": []`)
	says(t, dir, "webhook add http://x.example.com", exitRefused, "Plain http is for the shop's own network")
	says(t, dir, "webhook add https://x.example.com --events sale.made", exitRefused, `There is no event "sale.made"; there are inventory.updated,`)
	says(t, dir, "webhook add https://x.example.com --location Nowhere", exitNotFound, `there is no location "Nowhere"`)
}

func TestAWebhookIsChangedPausedAndResumed(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	is := func(want string) {
		t.Helper()
		h := f.list[0].Webhook
		if got := fmt.Sprint(h.URL, h.Events, " ", h.Description, h.LAN, h.LegacyHeader, h.Active); got != want {
			t.Errorf("it is %s, not %s", got, want)
		}
	}
	says(t, dir, "webhook edit 0101 --url https://screens.example.com/v2", exitOK, "https://screens.example.com/v2 is changed.\n")
	is("https://screens.example.com/v2[inventory.updated inventory.low_stock] Menu screensfalsetrue")
	says(t, dir, "webhook edit 0101 --events lot.expiring --lan --legacy-header X-Signature --description Orders", exitOK)
	is("https://screens.example.com/v2[lot.expiring] OrderstrueX-Signaturetrue")
	says(t, dir, "webhook edit 0101 --events all --lan=false --legacy-header= --description=", exitOK)
	is("https://screens.example.com/v2[] falsetrue")
	says(t, dir, "webhook pause 0101", exitOK, "https://screens.example.com/v2 is told nothing until it is resumed")
	is("https://screens.example.com/v2[] falsefalse")
	f.list[0].DisabledAt, f.list[0].DisabledWhy = 1, store.WebhookGone
	says(t, dir, "webhook resume 0101 -o json", exitOK, `"active": true`, `"disabled_reason": null`)
	is("https://screens.example.com/v2[] falsetrue")
	says(t, dir, "webhook edit 0101", exitUsage, "nothing is to be changed; give --url")
	says(t, dir, "webhook edit 0101 --url http://screens.example.com", exitRefused, "Plain http is for the shop's own network")
	says(t, dir, "webhook edit 0101 --events sale.made", exitRefused, `There is no event "sale.made"`)
	says(t, dir, "webhook edit 07 --lan", exitNotFound, `there is no webhook "07"`)
	says(t, dir, "webhook pause 01", exitRefused, `"01" may be 2 webhooks`)
	says(t, dir, "webhook resume", exitUsage)
	is("https://screens.example.com/v2[] falsetrue")
}

func TestAWebhookIsMeantByIdBeginningOrAddress(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	for _, meant := range []string{"0101", "01010000-0000-7000-8000-000000000000", "https://screens.example.com/hooks"} {
		says(t, dir, "webhook test "+meant, exitOK, "https://screens.example.com/hooks: good. It answered 204 in 84 ms.\n")
	}
	says(t, dir, "webhook test 01", exitRefused, `"01" may be 2 webhooks; say more of the id: 01010000-0000-7000-8000-000000000000, 01020000`)
	for _, meant := range []string{"”", "03", "https://screens.example.com", "101"} {
		says(t, dir, "webhook test "+meant, exitNotFound, "to see those that there are: shelfd webhook list")
	}
	f.list[1].URL = f.list[0].URL
	says(t, dir, "webhook remove "+f.list[0].URL, exitRefused, "may be 2 webhooks")
	if len(f.done) != 3 || len(f.list) != 3 {
		t.Errorf("it did %v", f.done)
	}
}

func TestATestSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	f.answer.Outcome, f.answer.Status, f.answer.Detail = store.DeliveryStatus, 401, "It answered\x1b401."
	says(t, dir, "webhook test 02", exitUnsynced, "https://chain.example.com/: It answered 401. (bad_status)\n  Look into the log of the receiver.",
		"https://chain.example.com/ did not take it")
	says(t, dir, "webhook test 02 -o json", exitUnsynced, `"outcome": "bad_status"`, `"status_code": 401`, `"exit_code": 11`)
	says(t, dir, "webhook redeliver 0101 0301", exitUnsynced, "It answered 401. (bad_status)")
	f.answer.Outcome, f.answer.Status, f.answer.Detail = store.DeliveryDone, 200, ""
	says(t, dir, "webhook redeliver 0101 03020000-0000-7000-8000-000000000000", exitOK, "good. It answered 200 in 84 ms.")
	says(t, dir, "webhook redeliver 0101 03", exitRefused, `"03" may be 3 deliveries`)
	says(t, dir, "webhook redeliver 0101 07", exitNotFound, `there is no delivery "07" among the newest`)
	says(t, dir, "webhook redeliver 0102 03020000-0000-7000-8000-000000000000", exitNotFound, "There is no delivery 03020000")
	if got := fmt.Sprint(f.done); got != "[test test redeliver 0301 redeliver 0302]" {
		t.Errorf("it did %s", got)
	}
}

func TestDeliveriesAreShown(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	text := says(t, dir, "webhook deliveries 0101", exitOK)
	const want = `id                                    at                    event  type               attempt  answer  ms  outcome     next try              detail
03020000-0000-7000-8000-000000000000  1970-01-01T00:00:01Z  1-10   inventory.updated        1     204  84  delivered
03010000-0000-7000-8000-000000000000  1970-01-01T00:00:01Z  1-9    inventory.updated        1     500  84  bad status  1970-01-01T00:00:04Z  It answered 500.
03000000-0000-7000-8000-000000000000  1970-01-01T00:00:01Z  1-8    inventory.updated        1     204  84  delivered
`
	if text != want {
		t.Errorf("it says\n%s\nnot\n%s", text, want)
	}
	if text := says(t, dir, "webhook deliveries 0101 --failed", exitOK, "bad status"); strings.Contains(text, "delivered") {
		t.Errorf("it shows more: %s", text)
	}
	if text := says(t, dir, "webhook deliveries 0101 --limit 1 -o json", exitOK, `"event_id": "1-10"`); strings.Contains(text, `"1-9"`) {
		t.Errorf("it shows more: %s", text)
	}
	says(t, dir, "webhook deliveries 02", exitOK, "There is no such delivery.\n")
	says(t, dir, "webhook deliveries 02 -o json", exitOK, `"data": []`)
	for i := range 700 {
		d := f.answer
		d.ID, d.Webhook, d.Position = store.ID{5, byte(i >> 8), byte(i), 6: 0x70, 8: 0x80}, f.list[0].ID, store.Position{Epoch: 1, Seq: 1}
		f.deliveries = append(f.deliveries, d)
	}
	for limit, want := range map[int]int{450: 450, 200: 200, 900: 703} {
		if got := strings.Count(says(t, dir, fmt.Sprintf("webhook deliveries 0101 --limit %d", limit), exitOK), "\n") - 1; got != want {
			t.Errorf("--limit %d shows %d", limit, got)
		}
	}
}

func TestAWebhookIsReplayedAndRemoved(t *testing.T) {
	dir := t.TempDir()
	f := startHooks(t, dir)
	says(t, dir, "webhook replay 0101 --from 1-2", exitOK, "https://screens.example.com/hooks is told once more what happened from 1-2 on: 8441 entries.\n")
	says(t, dir, "webhook replay 0101 --since 2026-01-27T12:30:00+02:00", exitOK, "from 2026-01-27T10:30:00Z on")
	says(t, dir, "webhook replay 0101 --from 1-2 -o json", exitOK, `"waiting": 8441`)
	if got := fmt.Sprint(f.done); got != "[replay from 1-2 since  replay from  since 2026-01-27T10:30:00Z replay from 1-2 since ]" {
		t.Errorf("it did %s", got)
	}
	f.done = nil
	says(t, dir, "webhook replay 0101 --since 7d", exitOK)
	at, err := time.Parse(time.RFC3339, strings.TrimPrefix(f.done[0], "replay from  since "))
	if ago := time.Since(at); err != nil || ago < 7*24*time.Hour-time.Minute || ago > 7*24*time.Hour+time.Hour {
		t.Errorf("it did %v", f.done)
	}
	says(t, dir, "webhook replay 0101 --from 1-99999", exitRefused, "There is no entry 1-99999 yet")
	says(t, dir, "webhook remove 0101", exitOK, "https://screens.example.com/hooks is told nothing any more.\n")
	says(t, dir, "webhook remove 02 -o json", exitOK, `"removed": true`)
	if len(f.list) != 1 {
		t.Errorf("there are %d left", len(f.list))
	}
}

// Every way in which a delivery can fail has a remedy.
func TestEveryFailedDeliveryHasARemedy(t *testing.T) {
	for _, code := range []string{
		store.DeliveryStatus, store.DeliveryRedirect, store.DeliveryGone, store.DeliveryTimeout, store.DeliveryUnreachable, store.DeliveryDNS,
		store.DeliveryTLS, store.DeliveryForbidden, store.WebhookGone, store.WebhookFailing,
	} {
		if webhookRemedies[code] == "" {
			t.Errorf("nothing says what to do about %s", code)
		}
	}
}

func TestCommandsAboutWebhooksAreReadStrictly(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]string{
		"webhook lst":                                    `unknown command "lst"`,
		"webhook list now":                               `unknown command "now"`,
		"webhook add":                                    "it is called as: shelfd webhook",
		"webhook add a b":                                "it is called as: shelfd webhook add URL",
		"webhook test":                                   "it is called as: shelfd webhook",
		"webhook redeliver x":                            "it is called as: shelfd webhook redeliver ID DELIVERY",
		"webhook deliveries x --limit 0":                 "--limit 0: must be at least 1",
		"webhook deliveries x --limit many":              "invalid argument",
		"webhook replay x":                               "one of these must be given: --from, --since",
		"webhook replay x --from 1-2 --since 7d":         "these do not go together: --",
		"webhook replay x --since yesterday":             "--since yesterday: must be a time before now such as 7d",
		"webhook list -o csv":                            "-o csv: must be text or json",
		"webhook add https://x.example.com --secret any": "unknown flag: --secret",
	} {
		says(t, dir, args, exitUsage, want)
	}
	for _, args := range []string{"list", "add https://x.example.com", "test x", "rotate x", "remove x", "deliveries x", "redeliver x y", "replay x --from 1-1"} {
		says(t, dir, "webhook "+args, exitNotFound, "there is no ledger in "+dir)
	}
}
