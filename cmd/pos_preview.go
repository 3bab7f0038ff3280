package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func newPOSPreviewCommand(o *rootOptions) *cobra.Command {
	limit := 0
	c := &cobra.Command{
		Use: "preview NAME", Short: "Show what the next push would send", Args: cobra.ExactArgs(1),
		Long: `Shows the requests that the next push to a point of sale would send, exactly as
they would be, and sends nothing.` + exitStatus(exitNotFound, exitRefused, exitUnreachable, exitInUse, exitUnsynced),
		Example: `  shelfd pos preview till`,
		RunE:    func(cmd *cobra.Command, args []string) error { return o.previewPOS(cmd.Context(), args[0], limit) },
	}
	c.Flags().IntVar(&limit, "limit", 50, "how many `changes` to show at most")
	return c
}

// posRequest is a request to a point of sale as the API shows it.
type posRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Query  *string         `json:"query"`
	Items  []string        `json:"items"`
	Body   json.RawMessage `json:"body"`
}

func (o *rootOptions) previewPOS(ctx context.Context, name string, limit int) (err error) {
	c, err := connectExisting(ctx, o)
	if err != nil {
		return err
	}
	defer closeInto(c, &err)
	var answer struct {
		Data []posRequest `json:"data"`
	}
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if err := c.get(ctx, posPathOf(name, "preview"), query, &answer); err != nil {
		return reached(err)
	}
	if o.asJSON() {
		return o.json(answer)
	}
	for i := range answer.Data {
		err = errors.Join(err, answer.Data[i].write(o.stdout))
	}
	end := fmt.Sprintf("%s would be sent. Nothing was sent.", counted(len(answer.Data), "request", "requests"))
	if len(answer.Data) == 0 {
		end = fmt.Sprintf("Nothing waits for %s.", name)
	}
	_, e := fmt.Fprintln(o.stdout, end)
	return errors.Join(err, e)
}

// write shows a request: what it is about, then the request itself.
func (r *posRequest) write(w io.Writer) error {
	var b strings.Builder
	for _, item := range r.Items {
		b.WriteString(tableVisible(item) + "\n")
	}
	b.WriteString("  " + r.Method + " " + tableVisible(r.Path))
	if r.Query != nil {
		b.WriteString("?" + tableVisible(*r.Query))
	}
	b.WriteString("\n")
	if string(r.Body) != "null" {
		var body bytes.Buffer
		if err := json.Indent(&body, r.Body, "  ", "  "); err != nil {
			return err
		}
		b.WriteString("  " + body.String() + "\n")
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}
