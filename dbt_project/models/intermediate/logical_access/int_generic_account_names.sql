-- Logins that name a function and no person.
with final as (

    {% for name in [
        'account', 'accounting', 'admin', 'administrator', 'all', 'audit', 'backup', 'build', 'ci', 'demo', 'deploy', 'dev', 'devops', 'finance',
        'frontdesk', 'guest', 'helpdesk', 'hr', 'info', 'it', 'office', 'operations', 'ops', 'payroll', 'prod', 'qa', 'reception', 'release',
        'reports', 'root', 'security', 'service', 'shared', 'staff', 'superuser', 'support', 'sysadmin', 'system', 'team', 'temp', 'test',
        'training', 'user',
    ] -%}
    select '{{ name }}' as name
    {%- if not loop.last %}
    union all
    {%- endif %}
    {% endfor %}
)

select * from final
