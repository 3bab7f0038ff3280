package central_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shelfd/shelfd/store"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/central"
	"github.com/shelfd/shelfd/syncer/wire"
)

// done lists what became of the commands, as central learns it.
func (s *branchStore) done() (list []string) {
	s.t.Helper()
	must(s.t, s.push(s.t.Context()))
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	for _, l := range s.streams[1].lines {
		e, err := store.ParseEntry(l.Bytes)
		must(s.t, err)
		if e.Kind == store.KindEvent && e.Event.Type == store.EventCommand {
			var d store.CommandDone
			must(s.t, json.Unmarshal(e.Event.Body, &d))
			list = append(list, d.Status+" "+string(d.Code))
		}
	}
	return list
}

func TestListen_follows_commands_and_answers_with_entries(t *testing.T) {
	s := open(t)
	s.command("threshold", `{"sku":"FLW-001","threshold":12}`)
	s.command("dance", `{}`)
	s.command("product", `{"sku":"FLW-001","unit_price":51.5}`)
	must(t, s.push(t.Context()))
	must(t, s.client.Listen(t.Context(), s.l))
	p, ok := s.ProductBySKU("FLW-001")
	if !ok || p.Threshold == nil || *p.Threshold != 12_0000 || p.UnitPrice != 51_5000 || s.Command() != 3 {
		t.Fatalf("the product is %+v after %d commands", p, s.Command())
	}
	if got := s.done(); !slices.Equal(got, []string{"applied ", "refused unknown_command", "applied "}) {
		t.Errorf("central learns %q", got)
	}
}

func TestListen_does_a_command_once_however_often_it_comes(t *testing.T) {
	s := open(t)
	s.command("threshold", `{"sku":"FLW-001","threshold":12}`)
	must(t, s.push(t.Context()))
	twice := s.fake.commands[0]
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != wire.PathCommands {
			return false
		}
		wire.WriteAnswer(w, http.StatusOK, &wire.Commands{Commands: []wire.Command{twice, twice}, Newest: 1})
		return true
	})
	must(t, s.client.Listen(t.Context(), s.l))
	if got := s.done(); len(got) != 1 {
		t.Errorf("central learns %q", got)
	}
}

func TestListen_leaves_no_command_out(t *testing.T) {
	s := open(t)
	s.command("dance", `{}`)
	must(t, s.push(t.Context()))
	s.on(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != wire.PathCommands {
			return false
		}
		wire.WriteAnswer(w, http.StatusOK, &wire.Commands{Commands: []wire.Command{{N: 2, Kind: "dance", Body: []byte("{}")}}, Newest: 2})
		return true
	})
	failure(t, s.client.Listen(t.Context(), s.l), syncer.Alarm, "commands")
	if s.Command() != 0 {
		t.Error("it was done")
	}
}

func TestListen_takes_more_commands_than_one_answer_has(t *testing.T) {
	s := open(t)
	for range wire.MaxCommands + 5 {
		s.command("dance", `{}`)
	}
	must(t, s.push(t.Context()))
	must(t, s.client.Listen(t.Context(), s.l))
	if s.Command() != wire.MaxCommands+5 {
		t.Errorf("%d were done", s.Command())
	}
}

func TestListen_without_long_poll_asks_nothing_until_told(t *testing.T) {
	inBubble(t, central.Config{}, func(t *testing.T, s *branchStore) {
		must(t, s.push(t.Context()))
		s.requests()
		heard := make(chan error, 1)
		go func() { heard <- s.client.Listen(t.Context(), s.l) }()
		<-time.After(24 * time.Hour)
		if got := s.requests(); len(got) > 0 {
			t.Errorf("in a quiet day it asked %v", got)
		}
		s.command("dance", `{}`)
		s.l.(*outside).do(func() { s.sell(1) })
		must(t, s.push(t.Context()))
		must(t, <-heard)
		if s.Command() != 1 {
			t.Error("nothing was done")
		}
	})
}

func TestListen_with_long_poll_hears_at_once(t *testing.T) {
	inBubble(t, central.Config{LongPoll: 50 * time.Second}, func(t *testing.T, s *branchStore) {
		heard := make(chan error, 1)
		started := time.Now()
		go func() { heard <- s.client.Listen(t.Context(), s.l) }()
		<-time.After(20 * time.Second)
		s.command("dance", `{}`)
		must(t, <-heard)
		if took := time.Since(started); s.Command() != 1 || took != 20*time.Second {
			t.Errorf("%d done after %s", s.Command(), took)
		}
		must(t, s.client.Listen(t.Context(), s.l))
		if got := s.requests(); len(got) != 2 || time.Since(started) != 70*time.Second {
			t.Errorf("a poll without commands took %v, until %s", got, time.Since(started))
		}
	})
}

func TestListen_ends_with_its_caller_and_with_its_key(t *testing.T) {
	inBubble(t, central.Config{LongPoll: 50 * time.Second}, func(t *testing.T, s *branchStore) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.client.Listen(ctx, s.l); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.on(func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "commands") && refuse(wire.ProblemRevoked, 0)(w, r)
		})
		failure(t, s.client.Listen(t.Context(), s.l), syncer.Pause, "revoked")
	})
}
