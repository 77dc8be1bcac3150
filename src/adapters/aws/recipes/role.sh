# In AWS CloudShell{{ " of account " ~ role.account if role.account }}, as somebody who may make roles.
{% if role.by_token and not role.account %}
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
{% endif %}
{% if role.by_token %}
aws iam get-open-id-connect-provider --open-id-connect-provider-arn "{{ provider }}" >/dev/null 2>&1 ||
  aws iam create-open-id-connect-provider --url "{{ role.trusted }}" --client-id-list sts.amazonaws.com
{% endif %}
cat >spend-monitor-trust.json <<JSON
{{ trust }}
JSON
cat >spend-monitor-policy.json <<JSON
{{ policy }}
JSON
aws iam create-role --role-name "{{ role.name }}" --path "{{ role.path }}" --max-session-duration 3600 \
  --assume-role-policy-document file://spend-monitor-trust.json >/dev/null 2>&1 ||
  aws iam update-assume-role-policy --role-name "{{ role.name }}" \
    --policy-document file://spend-monitor-trust.json
aws iam put-role-policy --role-name "{{ role.name }}" --policy-name spend-monitor \
  --policy-document file://spend-monitor-policy.json
aws iam get-role --role-name "{{ role.name }}" --query Role.Arn --output text
