package yunohost

import (
	"fmt"
	"net/http"
	"strings"
)

func (q *request) success(answer any) *reply {
	if text, ok := answer.(csvExport); ok {
		return &reply{ctype: "text/csv", body: []byte(text)}
	}
	switch q.http.Method {
	case http.MethodPost:
		return &reply{status: http.StatusCreated, ctype: jsonType, body: encode(answer)}
	case http.MethodPut, http.MethodDelete:
		if answer == nil {
			return &reply{status: http.StatusNoContent}
		}
	}
	return &reply{ctype: jsonType, body: encode(answer)}
}

// fault gives an error the form that the real API would.
func (q *request) fault(err error, route *route, form map[string][]string, logRef string) *reply {
	f, ok := err.(*fault)
	if !ok {
		return textReply(http.StatusInternalServerError, err.Error())
	}
	keyed := func(status int, o object) *reply {
		return &reply{status: status, whole: true, ctype: jsonType, body: encode(o)}
	}
	switch f.kind {
	case invalid:
		return keyed(http.StatusBadRequest, append(object{{"error", q.translate(f.key, f.text)}, {"error_key", f.key}}, f.extra...))
	case plainInvalid:
		return textReply(http.StatusBadRequest, f.text)
	case failed:
		if logRef != "" {
			return keyed(http.StatusInternalServerError, object{{"error", f.text}, {"log_ref", logRef}})
		}
		return textReply(http.StatusInternalServerError, f.text)
	case unserialisable, crashPage:
		return q.page(http.StatusInternalServerError, "Internal Server Error", "")
	case unsimulated:
		return keyed(http.StatusNotImplemented, object{{"error", f.text}})
	}
	arguments := object{}
	if route != nil {
		for i := range route.spec.Args {
			if v, ok := form[route.spec.Args[i].field()]; ok {
				arguments.set(route.spec.Args[i].field(), first(v))
			}
		}
	}
	o := object{{"route", []string{q.http.Method, route.path}}, {"arguments", arguments}, {"traceback", "Traceback (most recent call last):\n" + f.text + "\n"}}
	return textReply(http.StatusInternalServerError, string(encode(o)))
}

// french are the texts that exist in French too, by key.
var french = map[string]string{
	"invalid_credentials":    "Mot de passe ou nom de compte incorrect",
	"system_username_exists": "Ce nom de compte existe d\u00e9j\u00e0 dans les comptes syst\u00e8me",
}

// translate follows the header locale, then Accept-Language.
func (q *request) translate(key, text string) string {
	language := q.http.Header.Get("locale")
	if language == "" {
		language = q.http.Header.Get("Accept-Language")
	}
	if strings.HasPrefix(language, "fr") && french[key] != "" {
		return french[key]
	}
	return text
}

// page is one of bottle's HTML error pages.
func (q *request) page(status int, text, allow string) *reply {
	title := fmt.Sprintf("Error: %d %s", status, http.StatusText(status))
	body := "\n    <!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n    <html>\n        <head>\n            <title>" + title +
		"</title>\n        </head>\n        <body>\n            <h1>" + title + "</h1>\n            <p>Sorry, the requested URL <tt>&#039;http://127.0.0.1" + q.path +
		"&#039;</tt>\n               caused an error:</p>\n            <pre>" + text + "</pre>\n        </body>\n    </html>\n"
	out := textReply(status, body)
	out.allow = allow
	return out
}
