package server

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

func TestTokens(t *testing.T) {
	db := store.Memory()
	book := NewTokens(db, clock.Real())
	_, text, err := book.Add("anne", Tech, "root")
	if err != nil {
		t.Fatal(err)
	}
	name, role, err := book.Authenticate(t.Context(), text.Reveal(), "")
	if name != "anne" || role != Tech || err != nil {
		t.Errorf("authenticate: %s, %s, %v", name, role, err)
	}
	for _, wrong := range []string{"", "accolade_", text.Reveal() + "x", strings.ToUpper(text.Reveal()), hashOf(text.Reveal())} {
		if _, _, err := book.Authenticate(t.Context(), wrong, ""); !errors.Is(err, errBadToken) {
			t.Errorf("token %q: %v", wrong, err)
		}
	}
	if _, _, err := book.Add("anne", Reader, "root"); !errors.Is(err, store.ErrExists) {
		t.Errorf("second anne: %v", err)
	}
	// Nothing in the store is the token.
	if err := db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan(nil) {
			if strings.Contains(string(k)+string(v), strings.TrimPrefix(text.Reveal(), tokenMark)) {
				t.Errorf("the store holds the token at %q", k)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	list, err := book.List()
	if err != nil || len(list) != 1 || list[0].Used.IsZero() || list[0].By != "root" {
		t.Errorf("list: %+v, %v", list, err)
	}
	if err := book.Revoke("anne"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := book.Authenticate(t.Context(), text.Reveal(), ""); !errors.Is(err, errBadToken) {
		t.Errorf("after revoking: %v", err)
	}
	if err := book.Revoke("anne"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
}

// A token that was made through the API lets its technician in, with that role.
func TestTokenRoundTrip(t *testing.T) {
	book := NewTokens(store.Memory(), clock.Real())
	_, admin, err := book.Add("root", Admin, "setup")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Services: Services{Tokens: book}, Tokens: book, Clock: clock.Real(), Log: slog.New(slog.DiscardHandler)})
	call := func(method, path, token, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/v1"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	w := call(http.MethodPost, "/tokens", admin.Reveal(), `{"name":"bob","role":"reader"}`)
	var fresh api.FreshToken
	if err := json.Unmarshal(w.Body.Bytes(), &fresh); err != nil || w.Code != http.StatusCreated || fresh.Text == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := call(http.MethodGet, "/version", fresh.Text, ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"you":"bob"`) {
		t.Errorf("bob: %d %s", w.Code, w.Body)
	}
	if w := call(http.MethodGet, "/tokens", fresh.Text, ""); w.Code != http.StatusForbidden {
		t.Errorf("a reader lists tokens: %d", w.Code)
	}
	if w := call(http.MethodDelete, "/tokens/bob", admin.Reveal(), ""); w.Code != http.StatusNoContent {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	if w := call(http.MethodGet, "/version", fresh.Text, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("revoked bob: %d", w.Code)
	}
}
