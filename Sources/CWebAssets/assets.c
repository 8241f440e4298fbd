#include "CWebAssets.h"

// A file is named twice: here and in the table below. Routes are made of the table.
static const unsigned char admin_activity_js[] = {
#embed "../App/Web/admin-activity.js"
};
static const unsigned char admin_audit_js[] = {
#embed "../App/Web/admin-audit.js"
};
static const unsigned char admin_cluster_js[] = {
#embed "../App/Web/admin-cluster.js"
};
static const unsigned char admin_users_js[] = {
#embed "../App/Web/admin-users.js"
};
static const unsigned char admin_css[] = {
#embed "../App/Web/admin.css"
};
static const unsigned char admin_js[] = {
#embed "../App/Web/admin.js"
};
static const unsigned char base_css[] = {
#embed "../App/Web/base.css"
};
static const unsigned char channel_choices_js[] = {
#embed "../App/Web/channel-choices.js"
};
static const unsigned char charts_js[] = {
#embed "../App/Web/charts.js"
};
static const unsigned char chat_css[] = {
#embed "../App/Web/chat.css"
};
static const unsigned char chat_js[] = {
#embed "../App/Web/chat.js"
};
static const unsigned char composer_js[] = {
#embed "../App/Web/composer.js"
};
static const unsigned char conversation_view_js[] = {
#embed "../App/Web/conversation-view.js"
};
static const unsigned char dialogs_js[] = {
#embed "../App/Web/dialogs.js"
};
static const unsigned char docs_asyncapi_json[] = {
#embed "../App/Web/docs/asyncapi.json"
};
static const unsigned char docs_css[] = {
#embed "../App/Web/docs/docs.css"
};
static const unsigned char docs_js[] = {
#embed "../App/Web/docs/docs.js"
};
static const unsigned char docs_index_html[] = {
#embed "../App/Web/docs/index.html"
};
static const unsigned char docs_prose_js[] = {
#embed "../App/Web/docs/prose.js"
};
static const unsigned char docs_schemas_js[] = {
#embed "../App/Web/docs/schemas.js"
};
static const unsigned char dom_js[] = {
#embed "../App/Web/dom.js"
};
static const unsigned char format_js[] = {
#embed "../App/Web/format.js"
};
static const unsigned char icon_svg[] = {
#embed "../App/Web/icon.svg"
};
static const unsigned char icons_js[] = {
#embed "../App/Web/icons.js"
};
static const unsigned char index_html[] = {
#embed "../App/Web/index.html"
};
static const unsigned char main_js[] = {
#embed "../App/Web/main.js"
};
static const unsigned char message_item_js[] = {
#embed "../App/Web/message-item.js"
};
static const unsigned char message_window_js[] = {
#embed "../App/Web/message-window.js"
};
static const unsigned char model_js[] = {
#embed "../App/Web/model.js"
};
static const unsigned char openapi_json[] = {
#embed "../App/Web/openapi.json"
};
static const unsigned char own_status_js[] = {
#embed "../App/Web/own-status.js"
};
static const unsigned char sidebar_js[] = {
#embed "../App/Web/sidebar.js"
};
static const unsigned char sign_in_js[] = {
#embed "../App/Web/sign-in.js"
};
static const unsigned char switchboard_client_js[] = {
#embed "../App/Web/switchboard-client.js"
};

#define ASSET(name, bytes) { name, bytes, sizeof bytes }

static const struct web_asset all[] = {
    ASSET("admin-activity.js", admin_activity_js),
    ASSET("admin-audit.js", admin_audit_js),
    ASSET("admin-cluster.js", admin_cluster_js),
    ASSET("admin-users.js", admin_users_js),
    ASSET("admin.css", admin_css),
    ASSET("admin.js", admin_js),
    ASSET("base.css", base_css),
    ASSET("channel-choices.js", channel_choices_js),
    ASSET("charts.js", charts_js),
    ASSET("chat.css", chat_css),
    ASSET("chat.js", chat_js),
    ASSET("composer.js", composer_js),
    ASSET("conversation-view.js", conversation_view_js),
    ASSET("dialogs.js", dialogs_js),
    ASSET("docs/asyncapi.json", docs_asyncapi_json),
    ASSET("docs/docs.css", docs_css),
    ASSET("docs/docs.js", docs_js),
    ASSET("docs/index.html", docs_index_html),
    ASSET("docs/prose.js", docs_prose_js),
    ASSET("docs/schemas.js", docs_schemas_js),
    ASSET("dom.js", dom_js),
    ASSET("format.js", format_js),
    ASSET("icon.svg", icon_svg),
    ASSET("icons.js", icons_js),
    ASSET("index.html", index_html),
    ASSET("main.js", main_js),
    ASSET("message-item.js", message_item_js),
    ASSET("message-window.js", message_window_js),
    ASSET("model.js", model_js),
    ASSET("openapi.json", openapi_json),
    ASSET("own-status.js", own_status_js),
    ASSET("sidebar.js", sidebar_js),
    ASSET("sign-in.js", sign_in_js),
    ASSET("switchboard-client.js", switchboard_client_js),
};

const struct web_asset *web_assets(size_t *count) {
    *count = sizeof all / sizeof all[0];
    return all;
}
