// The web UI's files, in the executable. C, because C alone has #embed: the compiler takes the bytes as they are, in
// milliseconds and with a build dependency on each file, where 240 kB of Swift array literal take most of a minute.
//
// Every file in Assets stands here; WebBundleTests compares the two lists.

#include "WebAssets.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char account_js[] = {
#embed "../Assets/account.js"
};
static const unsigned char alarm_view_js[] = {
#embed "../Assets/alarm-view.js"
};
static const unsigned char app_realm_js[] = {
#embed "../Assets/app-realm.js"
};
static const unsigned char app_js[] = {
#embed "../Assets/app.js"
};
static const unsigned char chart_painter_js[] = {
#embed "../Assets/chart-painter.js"
};
static const unsigned char chart_stack_js[] = {
#embed "../Assets/chart-stack.js"
};
static const unsigned char chart_js[] = {
#embed "../Assets/chart.js"
};
static const unsigned char csv_js[] = {
#embed "../Assets/csv.js"
};
static const unsigned char device_card_js[] = {
#embed "../Assets/device-card.js"
};
static const unsigned char dom_js[] = {
#embed "../Assets/dom.js"
};
static const unsigned char favicon_svg[] = {
#embed "../Assets/favicon.svg"
};
static const unsigned char fleet_js[] = {
#embed "../Assets/fleet.js"
};
static const unsigned char format_js[] = {
#embed "../Assets/format.js"
};
static const unsigned char function_call_js[] = {
#embed "../Assets/function-call.js"
};
static const unsigned char icons_js[] = {
#embed "../Assets/icons.js"
};
static const unsigned char index_html[] = {
#embed "../Assets/index.html"
};
static const unsigned char page_alarms_js[] = {
#embed "../Assets/page-alarms.js"
};
static const unsigned char page_apps_js[] = {
#embed "../Assets/page-apps.js"
};
static const unsigned char page_data_js[] = {
#embed "../Assets/page-data.js"
};
static const unsigned char page_device_js[] = {
#embed "../Assets/page-device.js"
};
static const unsigned char page_devices_js[] = {
#embed "../Assets/page-devices.js"
};
static const unsigned char page_functions_js[] = {
#embed "../Assets/page-functions.js"
};
static const unsigned char page_overview_js[] = {
#embed "../Assets/page-overview.js"
};
static const unsigned char page_people_js[] = {
#embed "../Assets/page-people.js"
};
static const unsigned char page_realms_js[] = {
#embed "../Assets/page-realms.js"
};
static const unsigned char page_sign_in_js[] = {
#embed "../Assets/page-sign-in.js"
};
static const unsigned char page_system_js[] = {
#embed "../Assets/page-system.js"
};
static const unsigned char pages_js[] = {
#embed "../Assets/pages.js"
};
static const unsigned char plot_js[] = {
#embed "../Assets/plot.js"
};
static const unsigned char router_js[] = {
#embed "../Assets/router.js"
};
static const unsigned char rule_editor_js[] = {
#embed "../Assets/rule-editor.js"
};
static const unsigned char scope_js[] = {
#embed "../Assets/scope.js"
};
static const unsigned char series_js[] = {
#embed "../Assets/series.js"
};
static const unsigned char session_js[] = {
#embed "../Assets/session.js"
};
static const unsigned char style_css[] = {
#embed "../Assets/style.css"
};
static const unsigned char tables_js[] = {
#embed "../Assets/tables.js"
};
static const unsigned char theme_js[] = {
#embed "../Assets/theme.js"
};
static const unsigned char ui_js[] = {
#embed "../Assets/ui.js"
};
static const unsigned char wamp_js[] = {
#embed "../Assets/wamp.js"
};

#define ASSET(name, bytes) {name, bytes, sizeof bytes}

static const struct web_asset assets[] = {
    ASSET("account.js", account_js),
    ASSET("alarm-view.js", alarm_view_js),
    ASSET("app-realm.js", app_realm_js),
    ASSET("app.js", app_js),
    ASSET("chart-painter.js", chart_painter_js),
    ASSET("chart-stack.js", chart_stack_js),
    ASSET("chart.js", chart_js),
    ASSET("csv.js", csv_js),
    ASSET("device-card.js", device_card_js),
    ASSET("dom.js", dom_js),
    ASSET("favicon.svg", favicon_svg),
    ASSET("fleet.js", fleet_js),
    ASSET("format.js", format_js),
    ASSET("function-call.js", function_call_js),
    ASSET("icons.js", icons_js),
    ASSET("index.html", index_html),
    ASSET("page-alarms.js", page_alarms_js),
    ASSET("page-apps.js", page_apps_js),
    ASSET("page-data.js", page_data_js),
    ASSET("page-device.js", page_device_js),
    ASSET("page-devices.js", page_devices_js),
    ASSET("page-functions.js", page_functions_js),
    ASSET("page-overview.js", page_overview_js),
    ASSET("page-people.js", page_people_js),
    ASSET("page-realms.js", page_realms_js),
    ASSET("page-sign-in.js", page_sign_in_js),
    ASSET("page-system.js", page_system_js),
    ASSET("pages.js", pages_js),
    ASSET("plot.js", plot_js),
    ASSET("router.js", router_js),
    ASSET("rule-editor.js", rule_editor_js),
    ASSET("scope.js", scope_js),
    ASSET("series.js", series_js),
    ASSET("session.js", session_js),
    ASSET("style.css", style_css),
    ASSET("tables.js", tables_js),
    ASSET("theme.js", theme_js),
    ASSET("ui.js", ui_js),
    ASSET("wamp.js", wamp_js),
};

const struct web_asset *web_asset(size_t index) {
    return index < sizeof assets / sizeof assets[0] ? &assets[index] : NULL;
}
