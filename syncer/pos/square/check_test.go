package square

import (
	"strings"
	"testing"

	"github.com/shelfd/shelfd/store/storetest"
	"github.com/shelfd/shelfd/syncer"
	"github.com/shelfd/shelfd/syncer/pos"
)

func TestCheckNamesTheLocation(t *testing.T) {
	s, c, clock := setUp(t)
	clock.Advance(500_000_000)
	who, err := c.Check(t.Context())
	if err != nil || who.Name != "Downtown" || who.Time.Sub(began).Abs().Seconds() > 1 || who.Time == 0 {
		t.Error(who, err)
	}
	if s.Changed() != 0 || s.Requests() != 2 {
		t.Errorf("it took %d requests", s.Requests())
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		set   pos.Settings
		class syncer.Class
		want  string
	}{
		"another key":       {pos.Settings{Key: "another"}, syncer.Pause, "refuses our key"},
		"no such location":  {pos.Settings{Options: map[string]string{"location_id": "LNOWHERE"}}, syncer.Alarm, "no location LNOWHERE. Of those it has, LCLOSED is Old Town, L8GYN5ZGWHXDX is Downtown."},
		"a closed location": {pos.Settings{Options: map[string]string{"location_id": "LCLOSED"}}, syncer.Alarm, "LCLOSED, Old Town, is closed"},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			s, _, clock := setUp(t)
			k.set.URL = s.server.URL
			_, err := newConnector(t, k.set, clock).Check(t.Context())
			if f := failure(t, err); f.Class != k.class || !strings.Contains(f.Detail, k.want) {
				t.Errorf("%+v", f)
			}
		})
	}
	s, c, _ := setUp(t)
	s.Answer(200, "application/json", `{"locations":[]}`)
	if _, err := c.Check(t.Context()); !strings.Contains(failure(t, err).Detail, "no location at all") {
		t.Error(err)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	good := pos.Settings{URL: "https://connect.squareup.com", Key: simKey, Options: map[string]string{"location_id": simLocation}}
	options := func(pairs ...string) map[string]string {
		o := map[string]string{"location_id": simLocation}
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i]] = pairs[i+1]
		}
		return o
	}
	cases := map[string]struct {
		change func(*pos.Settings)
		want   string
	}{
		"good":                 {func(*pos.Settings) {}, ""},
		"no address":           {func(s *pos.Settings) { s.URL = "" }, ""},
		"this machine":         {func(s *pos.Settings) { s.URL = "http://localhost:4010" }, ""},
		"this machine, by IP":  {func(s *pos.Settings) { s.URL = "http://[::1]:4010" }, ""},
		"in the clear":         {func(s *pos.Settings) { s.URL = "http://connect.squareup.com" }, "must begin with https://"},
		"no scheme":            {func(s *pos.Settings) { s.URL = "connect.squareup.com" }, "must begin with https://"},
		"half an address":      {func(s *pos.Settings) { s.URL = "https://[" + simKey }, "cannot be read"},
		"no key":               {func(s *pos.Settings) { s.Key = "" }, "key of Square is missing"},
		"a key with a newline": {func(s *pos.Settings) { s.Key += "\n" }, "characters that no access token has"},
		"no location":          {func(s *pos.Settings) { s.Options = nil }, "location_id is missing"},
		"a name as location":   {func(s *pos.Settings) { s.Options = options("location_id", "Down town") }, "is not an id"},
		"a version":            {func(s *pos.Settings) { s.Options = options("version", "2026-01-22") }, ""},
		"a version of words":   {func(s *pos.Settings) { s.Options = options("version", "newest") }, "is not a date"},
		"no authorities":       {func(s *pos.Settings) { s.CAFile = "/nowhere.pem" }, "nowhere.pem"},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			set := good
			k.change(&set)
			c, err := Kind.New(set, pos.Deps{Clock: storetest.NewClock(storetest.Start)})
			switch {
			case k.want == "" && err != nil, k.want != "" && (err == nil || !strings.Contains(err.Error(), k.want)):
				t.Errorf("said %v; want %q", err, k.want)
			case err != nil && c != nil:
				t.Error("there is a connector beside the error")
			case err != nil && strings.Contains(err.Error(), simKey):
				t.Error("the key is in", err)
			}
		})
	}
}

func TestTheKindSaysWhatTheConnectorDoes(t *testing.T) {
	c := newConnector(t, pos.Settings{}, storetest.NewClock(storetest.Start))
	if c.Capabilities() != Kind.Capabilities || Kind.Name != "square" || Kind.Title != "Square" {
		t.Errorf("%+v", Kind)
	}
	if _, reads := any(c).(pos.CatalogueReader); reads != Kind.Capabilities.ReadCatalogue {
		t.Error("it reads a catalogue")
	}
	if !Kind.Options[0].Required || Kind.Options[0].Name != "location_id" {
		t.Error(Kind.Options)
	}
}
