# What it prints is what to type into the channel's setting aws_role_arn.
{% if role.by_token %}
variable "identity_provider_arn" {
  description = "Of {{ role.trusted }}, if this account has it already: it can be made once only."
  type        = string
  default     = ""
}

resource "aws_iam_openid_connect_provider" "spend_monitor" {
  count          = var.identity_provider_arn == "" ? 1 : 0
  url            = "{{ role.trusted }}"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  provider_arn = (
    var.identity_provider_arn == "" ?
    aws_iam_openid_connect_provider.spend_monitor[0].arn : var.identity_provider_arn
  )
}

{% endif %}
resource "aws_iam_role" "spend_monitor" {
  name                 = "{{ role.name }}"
  path                 = "{{ role.path }}"
  description          = "AWS Spend Monitor reads what this account costs."
  max_session_duration = 3600
  assume_role_policy   = jsonencode({{ trust_of_terraform | indent(2) }})
}

resource "aws_iam_role_policy" "spend_monitor" {
  name   = "spend-monitor"
  role   = aws_iam_role.spend_monitor.id
  policy = jsonencode({{ policy | indent(2) }})
}

output "aws_role_arn" {
  value = aws_iam_role.spend_monitor.arn
}
